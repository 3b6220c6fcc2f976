namespace AutoGlm.Cuda.Tests;

/// <summary>How far results are apart.</summary>
internal static class Errors
{
    /// <summary>Largest difference over the largest magnitude expected; infinite where a result is no number.</summary>
    public static double Relative(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        double difference = 0, magnitude = 1e-30;
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < actual.Length; i++)
        {
            if (!float.IsFinite(actual[i])) return double.PositiveInfinity;
            difference = Math.Max(difference, Math.Abs((double)actual[i] - expected[i]));
            magnitude = Math.Max(magnitude, Math.Abs((double)expected[i]));
        }

        return difference / magnitude;
    }
}
