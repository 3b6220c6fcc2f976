using AutoGlm.Formats.Quantization;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cpu.Tests.Kernels;

public sealed unsafe class MatMulTests
{
    [Theory]
    [MemberData(nameof(KernelData.IsasAndTypes), MemberType = typeof(KernelData))]
    public void Equals_decoded_weights_times_decoded_activations(string isa, string type)
    {
        TensorType tensorType = Enum.Parse<TensorType>(type);
        int block = Math.Max(1, BlockFormats.Get(tensorType).BlockLength);
        Random random = new(type.Length * 31 + isa.Length);
        foreach ((int rows, int outputs, int blocks, int threads) in new[]
        {
            (1, 1, 1, 1), (1, 48, 3, 2), (2, 17, 2, 3), (5, 31, 1, 4), (8, 64, 2, 2), (67, 33, 1, 2), (130, 5, 2, 7),
        })
        {
            int columns = block == 1 ? blocks * 37 : blocks * block;
            Check(KernelData.Set(isa), new RandomWeights(tensorType, random, outputs, columns), rows, threads, random);
        }
    }

    private static void Check(KernelSet set, RandomWeights weights, int rows, int threads, Random random)
    {
        int columns = (int)weights.RowLength, outputs = (int)weights.RowCount;
        using PackedMatrix packed = PackedMatrix.Pack(weights);
        using ActivationBuffer buffer = new((long)rows * columns);
        long xStride = columns + 3, yStride = outputs + 5;
        using NativeFloats x = new(KernelData.Normal(random, rows * xStride)), y = new(KernelData.Normal(random, rows * yStride));
        using NativeFloats bias = new(KernelData.Normal(random, outputs));
        float[] before = y.Span.ToArray();
        bool useBias = random.Next(2) == 0, accumulate = random.Next(2) == 0;
        MatMulArgs args = new()
        {
            Weights = packed,
            X = buffer.View(x.Data, xStride, rows, columns),
            Bias = useBias ? bias.Data : null,
            Y = y.Data,
            YStride = yStride,
            Accumulate = accumulate,
        };
        if (!packed.Format.IsFloat)
        {
            for (int thread = 0; thread < threads; thread++) set.Quantize(args.X, thread, threads);
        }

        for (int thread = 0; thread < threads; thread++) set.MatMul(args, thread, threads);
        for (int n = 0; n < rows; n++)
        {
            double[] expected = new double[outputs];
            float[] seen = packed.Format.IsFloat ? x.Span.Slice((int)(n * xStride), columns).ToArray() : Dequantized(args.X, n);
            for (int o = 0; o < outputs; o++)
            {
                float[] w = weights.Decode(o);
                for (int i = 0; i < columns; i++) expected[o] += (double)w[i] * seen[i];
                expected[o] += (useBias ? bias[o] : 0) + (accumulate ? before[n * yStride + o] : 0);
            }

            double error = KernelData.RelativeError(y.Span.Slice((int)(n * yStride), outputs), expected);
            Assert.True(error < 1e-5, $"{set.Isa} {weights.Type} {rows}x{columns}->{outputs}: row {n} is off by {error:e1}");
            Assert.Equal(before.AsSpan((int)(n * yStride) + outputs, 5), y.Span.Slice((int)(n * yStride) + outputs, 5));
        }
    }

    /// <summary>The integers and scales that the kernels see, as floats; they differ from the input by half a step at most.</summary>
    private static float[] Dequantized(Activations x, int row)
    {
        float[] values = new float[x.Columns];
        for (int i = 0; i < values.Length; i++)
        {
            long at = (long)(i / 32) * x.Rows + row;
            float scale = x.Scales[4 * at];
            values[i] = x.Bytes[Activations.ByteStride * at + i % 32] * scale;
            Assert.True(Math.Abs(values[i] - x.Values[row * x.Stride + i]) <= 0.5001f * scale);
            int chunk = i % 32 / 4, inChunk = i % 4;
            Assert.Equal(x.Bytes[Activations.ByteStride * at + i % 32], x.Words[32 * at + inChunk % 2 * 16 + 2 * chunk + inChunk / 2]);
        }

        return values;
    }

    [Theory]
    [MemberData(nameof(KernelData.Isas), MemberType = typeof(KernelData))]
    public void Extreme_quants_and_activations_do_not_overflow(string isa)
    {
        foreach (TensorType type in PackedFormat.Types.Where(type => !PackedFormat.Get(type).IsFloat))
        {
            foreach (byte fill in new byte[] { 0x00, 0xFF, 0x80, 0x7F })
            {
                ConstantWeights weights = new(type, fill, 16, 256);
                using PackedMatrix packed = PackedMatrix.Pack(weights);
                using ActivationBuffer buffer = new(256);
                float[] row = new float[256];
                weights.DecodeRows(0, 1, row);
                foreach (float value in new[] { 1f, -1f })
                {
                    using NativeFloats x = new(Enumerable.Repeat(value, 256).ToArray()), y = new(16);
                    MatMulArgs args = new() { Weights = packed, X = buffer.View(x.Data, 256, 1, 256), Y = y.Data, YStride = 16 };
                    KernelData.Set(isa).Quantize(args.X, 0, 1);
                    KernelData.Set(isa).MatMul(args, 0, 1);
                    double expected = row.Sum(w => (double)w) * value;
                    Assert.Equal(expected, y[5], Math.Max(1e-3, Math.Abs(expected) * 1e-5));
                }
            }
        }
    }

    private sealed class ConstantWeights : Tensor
    {
        private readonly byte[] _row;

        public ConstantWeights(TensorType type, byte fill, long rows, long columns) : base("constant", type, [rows, columns])
        {
            BlockFormat format = BlockFormats.Get(type);
            _row = new byte[format.RowBytes(columns)];
            Array.Fill(_row, fill);
            for (int at = 0; at < _row.Length; at += format.BlockBytes)
            {
                if (type == TensorType.MXFP4) _row[at] = 120;
                foreach (byte offset in format.HalfOffsets) BitConverter.TryWriteBytes(_row.AsSpan(at + offset), (Half)0.0625f);
            }
        }

        public override ReadOnlySpan<byte> Rows(long first, int count) => Enumerable.Repeat(_row, count).SelectMany(row => row).ToArray();
    }
}
