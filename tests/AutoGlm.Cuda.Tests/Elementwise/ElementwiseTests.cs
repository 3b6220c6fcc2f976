using AutoGlm.Cpu.Reference;
using AutoGlm.Cuda.Elementwise;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Cuda.Tests.Elementwise;

/// <summary>The kernels between matmuls against their definitions.</summary>
public class ElementwiseTests
{
    [Theory]
    [InlineData(1, 64)]
    [InlineData(3, 576)]
    [InlineData(257, 4096)]
    [InlineData(2, 20480)]
    public void Rows_are_normed_with_the_residual_added(int rows, int width)
    {
        using Card card = new();
        Random random = new(width);
        float[] x = Numbers.Random(random, rows * width), addend = Numbers.Random(random, x.Length), gain = Numbers.Random(random, width), expected = new float[x.Length];
        float[] sum = [.. x.Zip(addend, (a, b) => a + b)];
        ReferenceMath.RmsNorm(sum, gain, 1e-5f, width, expected);

        nint y = card.Poisoned(x.Length * sizeof(float)), sums = card.Upload(x);
        RmsNormArgs args = new() { X = sums, Addend = card.Upload(addend), Sum = sums, Gain = card.Upload(gain), Y = y, XStride = width, AddendStride = width, SumStride = width, YStride = width, Width = width, Epsilon = 1e-5f };
        Assert.True(NormLauncher.IsAligned(args));
        new NormLauncher(card.Device, card.Kernels).Rows(card.Stream, args, rows, ActivationOutput.Single);

        Numbers.AssertClose(expected, card.Download<float>(y, x.Length), 1e-6, "norm");
        Assert.Equal(sum, card.Download<float>(sums, x.Length));
    }

    [Theory]
    [InlineData(5, 7, 80)]
    [InlineData(33, 1, 131)]
    public void Groups_are_normed(int rows, int groups, int size)
    {
        using Card card = new();
        Random random = new(size);
        float[] x = Numbers.Random(random, rows * groups * size), gain = Numbers.Random(random, size), expected = new float[x.Length];
        ReferenceMath.RmsNorm(x, gain, 1e-6f, size, expected);

        nint y = card.Poisoned(x.Length * sizeof(float));
        RmsNormGroupsArgs args = new() { X = card.Upload(x), Gain = card.Upload(gain), Y = y, XStride = groups * size, YStride = groups * size, Groups = groups, Size = size, Epsilon = 1e-6f };
        new NormLauncher(card.Device, card.Kernels).Groups(card.Stream, args, rows);

        Numbers.AssertClose(expected, card.Download<float>(y, x.Length), 1e-6, "norm");
    }

    [Theory]
    [InlineData(RopeLayout.Halves, 128, 64, 1f)]
    [InlineData(RopeLayout.Interleaved, 96, 24, 1.25f)]
    [InlineData(RopeLayout.Halves, 80, 20, 1f)]
    public void Heads_turn_as_defined_to_the_farthest_position(RopeLayout layout, int size, int pairs, float magnitude)
    {
        using Card card = new();
        Random random = new(size);
        int[] positions = [0, 1, 77, 4095, 131071];
        const int Heads = 3;
        float[] x = Numbers.Random(random, positions.Length * Heads * size), expected = new float[x.Length];
        RopeTable table = new(layout, [.. Enumerable.Range(0, pairs).Select(i => (float)Math.Pow(10000, -(double)i / pairs))], magnitude);
        ReferenceMath.Rope(x, positions, size, table, expected, Heads * size);

        nint y = card.Upload(x);
        new RopeLauncher(card.Kernels).Launch(card.Stream, new RopeArgs
        {
            Q = y,
            QOut = y,
            Positions = card.Upload(positions),
            Turns = card.Upload(RopeLauncher.Turns(table.InverseFrequencies)),
            QStride = Heads * size,
            QOutStride = Heads * size,
            Heads = Heads,
            KeySize = size,
            Pairs = pairs,
            Interleaved = layout == RopeLayout.Interleaved ? 1 : 0,
            Rows = positions.Length,
            Magnitude = magnitude,
        }, KvType.F32);

        Numbers.AssertClose(expected, card.Download<float>(y, x.Length), 1e-6, "rope");
    }

    [Theory]
    [InlineData(RouterGating.Softmax, 64, 8, 1, 1, true, false)]
    [InlineData(RouterGating.Softmax, 160, 6, 8, 3, false, false)]
    [InlineData(RouterGating.Sigmoid, 256, 8, 8, 4, true, true)]
    [InlineData(RouterGating.SoftmaxOfSelected, 32, 4, 1, 1, false, false)]
    public void Experts_are_chosen_and_summed_as_defined(RouterGating gating, int experts, int used, int groups, int groupsUsed, bool normalize, bool biased)
    {
        using Card card = new();
        Random random = new(experts);
        const int Rows = 67, Width = 130;
        float[] logits = Numbers.Random(random, Rows * experts, 2), bias = Numbers.Random(random, experts, 0.3f), x = Numbers.Random(random, Rows * used * Width);
        float[] routing = new float[Rows * 2 * used], sums = new float[Rows * Width];
        RouterShape shape = new() { Experts = experts, Used = used, Gating = gating, Groups = groups, GroupsUsed = groupsUsed, Normalize = normalize, Scale = 2.5f };
        ReferenceRouter.Run(shape, logits, biased ? bias : default, routing, Rows);
        ReferenceRouter.Sum(x, routing, used, sums, Rows, Width);

        nint y = card.Poisoned(routing.Length * sizeof(float)), sum = card.Poisoned(sums.Length * sizeof(float));
        RouterLauncher launcher = new(card.Kernels);
        launcher.Route(card.Stream, new RouterArgs { Logits = card.Upload(logits), Bias = biased ? card.Upload(bias) : 0, Y = y, LogitsStride = experts, YStride = 2 * used, Rows = Rows, Experts = experts, Used = used, Gating = (int)gating, Groups = groups, GroupsUsed = groupsUsed, Normalize = normalize ? 1 : 0, Scale = 2.5f });
        launcher.Sum(card.Stream, new ExpertSumArgs { X = card.Upload(x), Routing = y, Y = sum, XStride = used * Width, RoutingStride = 2 * used, YStride = Width, Used = used, Width = Width }, Rows);

        Numbers.AssertClose(routing, card.Download<float>(y, routing.Length), 1e-5, "routing");
        Numbers.AssertClose(sums, card.Download<float>(sum, sums.Length), 1e-5, "sum");
    }

    [Fact]
    public void Turns_of_far_positions_keep_their_precision()
    {
        float[] frequencies = [1, 0.8659643f, 0.1f, 1e-4f, 1e-7f];
        ulong[] turns = RopeLauncher.Turns(frequencies);
        foreach (int position in new[] { 0, 1, 4095, 131071, int.MaxValue })
        {
            for (int i = 0; i < turns.Length; i++)
            {
                double turned = unchecked((long)((uint)position * turns[i])) / Math.ScaleB(1, 64), exact = position * (double)frequencies[i] / (2 * Math.PI);
                Assert.Equal(0, Math.IEEERemainder(exact - turned, 1), 1e-7);
            }
        }
    }
}
