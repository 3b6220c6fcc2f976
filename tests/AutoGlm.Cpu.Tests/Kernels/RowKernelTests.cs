using RopeLayout = AutoGlm.Graph.Nodes.RopeLayout;
namespace AutoGlm.Cpu.Tests.Kernels;

public sealed unsafe class RowKernelTests
{
    [Theory]
    [MemberData(nameof(KernelData.Isas), MemberType = typeof(KernelData))]
    public void Rms_norm_of_rows_and_of_heads(string isa)
    {
        Random random = new(21);
        foreach ((int rows, int group, int groups) in new[] { (1, 2048, 1), (3, 65, 1), (2, 16, 5), (4, 7, 3) })
        {
            int columns = group * groups;
            using NativeFloats x = new(KernelData.Normal(random, rows * columns)), w = new(KernelData.Normal(random, group)), y = new(rows * columns);
            KernelData.Set(isa).RmsNorm(x.Rows(columns), w.Data, y.Rows(columns), 0, rows, columns, group, 1e-5f);
            double[] expected = new double[rows * columns];
            for (int start = 0; start < expected.Length; start += group)
            {
                double mean = 0;
                for (int i = 0; i < group; i++) mean += Math.Pow(x[start + i], 2) / group;
                for (int i = 0; i < group; i++) expected[start + i] = x[start + i] / Math.Sqrt(mean + 1e-5) * w[i];
            }

            Assert.InRange(KernelData.RelativeError(y.Span, expected), 0, 1e-6);
            KernelData.Set(isa).RmsNorm(x.Rows(columns), w.Data, x.Rows(columns), 0, rows, columns, group, 1e-5f);
            Assert.Equal(y.Span.ToArray(), x.Span.ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(KernelData.Isas), MemberType = typeof(KernelData))]
    public void Norms_and_sums_in_one_go_have_the_bits_of_one_after_the_other(string isa)
    {
        Random random = new(27);
        KernelSet kernels = KernelData.Set(isa);
        foreach ((int rows, int columns, bool normed) in new[] { (1, 32, false), (1, 96, true), (3, 576, true), (5, 2048, false) })
        {
            Area area = new(0, rows, 0, columns), last = area with { Column = columns - 32 };
            using NativeFloats a = Normal(), b = Normal(), gain = Normal(), other = Normal(), sum = new(rows * columns), y = new(rows * columns);
            using ActivationBuffer expected = new(rows * columns), actual = new(rows * columns);
            RowNorm norm = new(gain.Data, 1e-5f), term = normed ? new(other.Data, 1e-6f) : default;
            if (normed) kernels.RmsNorm(b.Rows(columns), other.Data, sum.Rows(columns), area, columns, 1e-6f);
            kernels.Add(a.Rows(columns), normed ? sum.Rows(columns) : b.Rows(columns), sum.Rows(columns), area);
            kernels.RmsNorm(sum.Rows(columns), gain.Data, y.Rows(columns), area, columns, 1e-5f);
            Activations wanted = expected.View(y.Data, columns, rows, columns);
            kernels.Quantize(wanted, area);

            Activations ofSum = actual.View(sum.Data, columns, rows, columns);
            kernels.NormQuantize(ofSum, norm, area);
            Assert.Equal(Bytes(wanted), Bytes(ofSum));

            float[] stored = sum.Span.ToArray();
            ResidualArgs args = new() { A = a.Rows(columns), B = b.Rows(columns), Norm = term, Y = sum.Rows(columns), Columns = columns };
            foreach (Area part in columns > 32 ? new[] { last, area with { ColumnEnd = columns - 32 } } : [area])
            {
                sum.Span.Slice(part.Column, part.ColumnEnd - part.Column).Clear();
                kernels.ResidualQuantize(args, ofSum, norm, part);
            }

            Assert.Equal(stored, sum.Span.ToArray());
            Assert.Equal(Bytes(wanted), Bytes(ofSum));
            if (!normed) continue;
            sum.Span.Clear();
            kernels.ResidualAdd(args, area);
            Assert.Equal(stored, sum.Span.ToArray());

            NativeFloats Normal() => new(KernelData.Normal(random, rows * columns));
        }

        static byte[] Bytes(in Activations x) => [.. new Span<byte>(x.Words, x.Rows * x.Groups * (64 + Activations.ByteStride + 16))];
    }

    [Theory]
    [MemberData(nameof(KernelData.Isas), MemberType = typeof(KernelData))]
    public void Layer_norm(string isa)
    {
        Random random = new(22);
        foreach (int columns in new[] { 1, 37, 768 })
        {
            using NativeFloats x = new(KernelData.Normal(random, 3 * columns)), w = new(KernelData.Normal(random, columns)), b = new(KernelData.Normal(random, columns)), y = new(3 * columns);
            KernelData.Set(isa).LayerNorm(x.Rows(columns), w.Data, b.Data, y.Rows(columns), 0, 3, columns, 1e-6f);
            double[] expected = new double[3 * columns];
            for (int start = 0; start < expected.Length; start += columns)
            {
                double mean = 0, variance = 0;
                for (int i = 0; i < columns; i++) mean += x[start + i] / (double)columns;
                for (int i = 0; i < columns; i++) variance += Math.Pow(x[start + i] - mean, 2) / columns;
                for (int i = 0; i < columns; i++) expected[start + i] = (x[start + i] - mean) / Math.Sqrt(variance + 1e-6) * w[i] + b[i];
            }

            Assert.InRange(KernelData.RelativeError(y.Span, expected), 0, 2e-6);
        }
    }

    [Theory]
    [MemberData(nameof(KernelData.Isas), MemberType = typeof(KernelData))]
    public void Softmax(string isa)
    {
        Random random = new(23);
        foreach (int columns in new[] { 1, 19, 64, 1001 })
        {
            using NativeFloats x = new(KernelData.Normal(random, 2 * columns, 20)), y = new(2 * columns);
            KernelData.Set(isa).Softmax(x.Rows(columns), y.Rows(columns), 0, 2, columns, 0.7f);
            double[] expected = new double[2 * columns];
            for (int start = 0; start < expected.Length; start += columns)
            {
                double largest = x.Span.Slice(start, columns).ToArray().Max() * 0.7, sum = 0;
                for (int i = 0; i < columns; i++) sum += expected[start + i] = Math.Exp(0.7 * x[start + i] - largest);
                for (int i = 0; i < columns; i++) expected[start + i] /= sum;
            }

            Assert.InRange(KernelData.RelativeError(y.Span, expected), 0, 1e-5);
        }
    }

    [Theory]
    [MemberData(nameof(KernelData.Isas), MemberType = typeof(KernelData))]
    public void Rope_rotates_its_pairs_and_leaves_the_rest(string isa)
    {
        Random random = new(24);
        foreach (RopeLayout layout in Enum.GetValues<RopeLayout>())
        {
            foreach ((int heads, int size, int offset, int dimensions) in new[] { (1, 64, 0, 64), (3, 80, 0, 32), (2, 192, 128, 64), (5, 10, 2, 6), (2, 128, 0, 128) })
            {
                const int Rows = 3;
                int half = dimensions / 2, stride = heads * size + 1;
                float[] angles = KernelData.Normal(random, Rows * half);
                using NativeFloats x = new(KernelData.Normal(random, Rows * stride));
                using NativeFloats cos = new(angles.Select(MathF.Cos).ToArray()), sin = new(angles.Select(MathF.Sin).ToArray());
                double[] expected = x.Span.ToArray().Select(value => (double)value).ToArray();
                for (int n = 0; n < Rows; n++)
                {
                    for (int i = 0; i < heads * half; i++)
                    {
                        int start = n * stride + i / half * size + offset, pair = i % half;
                        int a = layout == RopeLayout.Halves ? start + pair : start + 2 * pair, b = layout == RopeLayout.Halves ? a + half : a + 1;
                        (double u, double v, double c, double s) = (expected[a], expected[b], cos[n * half + pair], sin[n * half + pair]);
                        (expected[a], expected[b]) = (u * c - v * s, v * c + u * s);
                    }
                }

                RopeArgs args = new()
                {
                    X = x.Rows(stride),
                    Heads = heads,
                    HeadSize = size,
                    Rotation = new Rotation { Offset = offset, Dimensions = dimensions, Layout = layout, Cos = cos.Rows(half), Sin = sin.Rows(half) },
                };
                KernelData.Set(isa).Rope(args, 0, Rows);
                Assert.InRange(KernelData.RelativeError(x.Span, expected), 0, 1e-6);
            }
        }
    }
}
