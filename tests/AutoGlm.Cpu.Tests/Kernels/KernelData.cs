using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cpu.Tests.Kernels;

/// <summary>Cases that kernel tests share: every instruction set of this machine, every packed type.</summary>
public static class KernelData
{
    public static TheoryData<string> Isas => new(KernelIsas.Supported.Select(isa => isa.ToString()));

    public static TheoryData<string, string> IsasAndTypes
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (KernelIsa isa in KernelIsas.Supported)
            {
                foreach (TensorType type in PackedFormat.Types) data.Add(isa.ToString(), type.ToString());
            }

            return data;
        }
    }

    internal static KernelSet Set(string isa) => KernelSet.Create(KernelIsas.Parse(isa));

    internal static float[] Normal(Random random, long count, float scale = 1)
    {
        float[] values = new float[count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = scale * MathF.Sqrt(-2 * MathF.Log(1 - random.NextSingle())) * MathF.Cos(2 * MathF.PI * random.NextSingle());
        }

        return values;
    }

    /// <summary>Largest difference over the largest magnitude expected.</summary>
    internal static double RelativeError(ReadOnlySpan<float> actual, ReadOnlySpan<double> expected)
    {
        double difference = 0, magnitude = 1e-30;
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < actual.Length; i++)
        {
            if (!float.IsFinite(actual[i])) return double.PositiveInfinity;
            difference = Math.Max(difference, Math.Abs(actual[i] - expected[i]));
            magnitude = Math.Max(magnitude, Math.Abs(expected[i]));
        }

        return difference / magnitude;
    }
}
