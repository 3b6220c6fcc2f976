using AutoGlm.Graph.Nodes;

namespace AutoGlm.Cpu.Reference;

/// <summary>The definitions of the plain operations. Matrices are row-major.</summary>
internal static class ReferenceMath
{
    /// <summary>y [rows, outputs] = x [rows, inputs] · wᵀ [outputs, inputs] + bias [outputs], if there is one.</summary>
    public static void MatMul(ReadOnlySpan<float> x, ReadOnlySpan<float> w, ReadOnlySpan<float> bias, Span<float> y, int rows, int inputs, int outputs)
    {
        for (int row = 0; row < rows; row++)
        {
            for (int output = 0; output < outputs; output++)
            {
                double sum = bias.IsEmpty ? 0 : bias[output];
                y[row * outputs + output] = (float)(sum + Dot(x.Slice(row * inputs, inputs), w.Slice(output * inputs, inputs)));
            }
        }
    }

    /// <summary>w [heads, outputs, inputs]: y [rows, heads·outputs] from x [rows, heads·inputs].</summary>
    public static void HeadMatMul(ReadOnlySpan<float> x, ReadOnlySpan<float> w, Span<float> y, int rows, IReadOnlyList<long> shape)
    {
        int heads = (int)shape[0], outputs = (int)shape[1], inputs = (int)shape[2];
        for (int i = 0; i < rows * heads; i++)
            MatMul(x.Slice(i * inputs, inputs), w.Slice(i % heads * outputs * inputs, outputs * inputs), default, y.Slice(i * outputs, outputs), 1, inputs, outputs);
    }

    public static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++) sum += (double)a[i] * b[i];
        return sum;
    }

    public static void RmsNorm(ReadOnlySpan<float> x, ReadOnlySpan<float> gain, float epsilon, int groupSize, Span<float> y)
    {
        for (int start = 0; start < x.Length; start += groupSize)
        {
            ReadOnlySpan<float> group = x.Slice(start, groupSize);
            double factor = 1 / Math.Sqrt(Dot(group, group) / groupSize + epsilon);
            for (int i = 0; i < groupSize; i++) y[start + i] = (float)(group[i] * factor * gain[i]);
        }
    }

    public static double Activate(double x, ActivationKind kind) => kind switch
    {
        ActivationKind.Silu => x * Sigmoid(x),
        ActivationKind.GeluTanh => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
        ActivationKind.Gelu => 0.5 * x * (1 + Erf(x / Math.Sqrt(2))),
        _ => throw new NotSupportedException($"The reference backend does not know {kind}."),
    };

    public static double ClampedSwiGlu(double gate, double up, double alpha, double limit)
    {
        gate = Math.Min(gate, limit);
        return (Math.Clamp(up, -limit, limit) + 1) * gate * Sigmoid(alpha * gate);
    }

    public static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    /// <summary>Copies <paramref name="width"/> columns of each group.</summary>
    public static void CopyGroups(ReadOnlySpan<float> x, int offset, int stride, Span<float> y, int yOffset, int yStride, int width, int groups)
    {
        for (int group = 0; group < groups; group++) x.Slice(group * stride + offset, width).CopyTo(y[(group * yStride + yOffset)..]);
    }

    public static void Rope(ReadOnlySpan<float> x, ReadOnlySpan<int> positions, int headSize, RopeTable table, Span<float> y, int width)
    {
        x.CopyTo(y);
        int pairs = table.InverseFrequencies.Length;
        for (int start = 0; start < x.Length; start += headSize)
        {
            for (int pair = 0; pair < pairs; pair++)
            {
                (int i, int j) = table.Layout == RopeLayout.Halves ? (pair, pair + pairs) : (2 * pair, 2 * pair + 1);
                double angle = positions[start / width] * (double)table.InverseFrequencies[pair];
                double cos = Math.Cos(angle) * table.Magnitude, sin = Math.Sin(angle) * table.Magnitude;
                y[start + i] = (float)(x[start + i] * cos - x[start + j] * sin);
                y[start + j] = (float)(x[start + i] * sin + x[start + j] * cos);
            }
        }
    }

    /// <summary>The error function by its Maclaurin series near 0 and by its continued fraction farther out; 1e-14.</summary>
    private static double Erf(double x)
    {
        double a = Math.Abs(x);
        if (a < 2.5)
        {
            double term = a, sum = a;
            for (int n = 1; Math.Abs(term) > 1e-17; n++)
            {
                term *= -a * a / n;
                sum += term / (2 * n + 1);
            }

            return Math.CopySign(2 / Math.Sqrt(Math.PI) * sum, x);
        }

        double fraction = a;
        for (int n = 60; n > 0; n--) fraction = a + n / 2.0 / fraction;
        return Math.CopySign(1 - Math.Exp(-a * a) / Math.Sqrt(Math.PI) / fraction, x);
    }
}
