using AutoGlm.Cpu.Loading;
using AutoGlm.Cpu.Tests.Kernels;
using AutoGlm.Cpu.Threading;
using AutoGlm.Formats;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cpu.Tests.Loading;

public sealed unsafe class WeightPackingTests
{
    /// <summary>Of several types and shapes, some larger than what a thread takes at once, some smaller than a panel.</summary>
    private static RandomWeights[] Tensors()
    {
        Random random = new(11);
        return
        [
            new(TensorType.Q4_K, random, 40, 512), new(TensorType.F16, random, 3, 33), new(TensorType.Q8_0, random, 1100, 2048),
            new(TensorType.F32, random, 65, 7), new(TensorType.Q6_K, random, 3, 40, 256), new(TensorType.BF16, random, 96, 1030),
        ];
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Panels_are_those_of_packing_one_after_the_other(int threads)
    {
        RandomWeights[] tensors = Tensors();
        List<(Tensor, PackedMatrix Matrix)> packed = [.. tensors.Select(tensor => ((Tensor)tensor, Allocate(tensor)))];
        List<double> progress = [];
        using ThreadTeam team = new(threads);
        Pack(team, packed, new Listed(progress), TestContext.Current.CancellationToken);
        for (int i = 0; i < tensors.Length; i++)
        {
            using PackedMatrix expected = PackedMatrix.Pack(tensors[i]), actual = packed[i].Matrix;
            Assert.True(Bytes(expected).SequenceEqual(Bytes(actual)), tensors[i].Name);
        }

        Assert.Equal(progress.Order(), progress);
        Assert.All(progress, fraction => Assert.InRange(fraction, 0.0, 1.0));
        if (threads == 1) Assert.Equal(1, progress[^1]);
    }

    [Fact]
    public void Names_the_row_with_a_scale_that_is_not_finite()
    {
        RandomWeights[] tensors = Tensors();
        tensors[2].Damage(1077);
        using ThreadTeam team = new(2);
        List<(Tensor, PackedMatrix Matrix)> packed = [.. tensors.Select(tensor => ((Tensor)tensor, Allocate(tensor)))];
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Pack(team, packed, null, TestContext.Current.CancellationToken));
        Assert.Contains("row 1077", error.Message, StringComparison.Ordinal);
        Assert.Contains(tensors[2].Name, error.Message, StringComparison.Ordinal);
        foreach ((_, PackedMatrix matrix) in packed) matrix.Dispose();
    }

    [Fact]
    public void Ends_when_cancelled()
    {
        RandomWeights tensor = Tensors()[2];
        using PackedMatrix matrix = Allocate(tensor);
        using ThreadTeam team = new(2);
        Assert.ThrowsAny<OperationCanceledException>(() => Pack(team, [(tensor, matrix)], null, new CancellationToken(true)));
    }

    private static PackedMatrix Allocate(Tensor tensor)
    {
        PackedMatrix matrix = PackedMatrix.Of(tensor);
        matrix.Allocate();
        return matrix;
    }

    private static void Pack(ThreadTeam team, List<(Tensor, PackedMatrix)> matrices, IProgress<double>? progress, CancellationToken cancellation)
    {
        using WeightPacking packing = new(new WeightPieces(matrices), "model.gguf", team.Threads, null, progress, cancellation);
        team.Run(packing);
    }

    private static ReadOnlySpan<byte> Bytes(PackedMatrix matrix) => new(matrix.PanelAt(0, 0), checked((int)matrix.Bytes));

    private sealed class Listed(List<double> fractions) : IProgress<double>
    {
        public void Report(double value) => fractions.Add(value);
    }
}
