using AutoGlm.Formats.Quantization;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cpu.Tests.Kernels;

public sealed unsafe class PackedMatrixTests
{
    public static TheoryData<string> Types => new(PackedFormat.Types.Select(type => type.ToString()));

    [Theory]
    [MemberData(nameof(Types))]
    public void Rows_decode_as_the_file_does(string type)
    {
        TensorType tensorType = Enum.Parse<TensorType>(type);
        RandomWeights weights = new(tensorType, new Random(7), 37, 512);
        using PackedMatrix packed = PackedMatrix.Pack(weights);
        using NativeFloats row = new(512);
        foreach (int r in new[] { 0, 1, 15, 16, 36 })
        {
            packed.DecodeRow(r, row.Data);
            Assert.Equal(weights.Decode(r), row.Span.ToArray());
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => packed.DecodeRow(37, row.Data));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Takes_hardly_more_memory_than_the_file(string type)
    {
        TensorType tensorType = Enum.Parse<TensorType>(type);
        using PackedMatrix packed = PackedMatrix.Pack(new RandomWeights(tensorType, new Random(7), 64, 1024));
        double fileBits = BlockFormats.RowBytes(tensorType, 1024) * 8 / 1024.0, bits = packed.Bytes * 8 / (64.0 * 1024);
        Assert.InRange(bits, fileBits - 1e-9, fileBits * 1.04);
    }

    [Fact]
    public void Tensors_stack_in_order_and_in_any_pieces()
    {
        Random random = new(3);
        RandomWeights[] parts = [new(TensorType.Q4_K, random, 20, 256), new(TensorType.Q4_K, random, 7, 256), new(TensorType.Q4_K, random, 33, 256)];
        using PackedMatrix packed = PackedMatrix.Of(parts);
        packed.Allocate();
        for (int panel = packed.Panels - 1; panel >= 0; panel--) packed.PackPanels(panel, 1);
        float[][] expected = parts.SelectMany(part => Enumerable.Range(0, (int)part.RowCount).Select(row => part.Decode(row))).ToArray();
        using NativeFloats row = new(256);
        for (int r = 0; r < 60; r++)
        {
            packed.DecodeRow(r, row.Data);
            Assert.Equal(expected[r], row.Span.ToArray());
        }
    }

    [Fact]
    public void Experts_begin_panels_of_their_own()
    {
        Random random = new(4);
        RandomWeights experts = new(TensorType.Q8_0, random, 3, 40, 64);
        using PackedMatrix packed = PackedMatrix.Pack(experts);
        Assert.Equal((3, 40, 2, 6), (packed.Matrices, packed.RowsPerMatrix, packed.PanelsPerMatrix, packed.Panels));
        using ActivationBuffer buffer = new(64);
        using NativeFloats x = new(KernelData.Normal(random, 64)), y = new(40), row = new(64);
        KernelSet set = KernelSet.Create(KernelIsas.Best);
        MatMulArgs args = new() { Weights = packed, Matrix = 2, X = buffer.View(x.Data, 64, 1, 64), Y = y.Data, YStride = 40 };
        set.Quantize(args.X, 0, 1);
        set.MatMul(args, 0, 1);
        packed.DecodeRow(119, row.Data);
        Assert.Equal(experts.Decode(119), row.Span.ToArray());
        double dot = 0;
        for (int i = 0; i < 64; i++) dot += (double)row[i] * args.X.Bytes[i / 32 * Activations.ByteStride + i % 32] * args.X.Scales[4 * (i / 32)];
        Assert.Equal(dot, y[39], 1e-4);
    }

    [Fact]
    public void Refuses_tensors_that_do_not_fit_together()
    {
        Random random = new(5);
        RandomWeights a = new(TensorType.Q8_0, random, 4, 64);
        Assert.Throws<ArgumentException>(() => PackedMatrix.Pack());
        Assert.Throws<ArgumentException>(() => PackedMatrix.Pack(a, new RandomWeights(TensorType.Q8_0, random, 4, 32)));
        Assert.Throws<ArgumentException>(() => PackedMatrix.Pack(a, new RandomWeights(TensorType.Q4_0, random, 4, 64)));
        Assert.Throws<ArgumentException>(() => PackedMatrix.Pack(a, new RandomWeights(TensorType.Q8_0, random, 2, 2, 64)));
        using PackedMatrix packed = PackedMatrix.Of(a);
        packed.Allocate();
        Assert.Throws<ArgumentOutOfRangeException>(() => packed.PackPanels(0, 2));
    }
}
