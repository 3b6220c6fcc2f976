namespace AutoGlm.Cuda.Tests;

/// <summary>Random numbers, and the distance between results and what they should be.</summary>
internal static class Numbers
{
    /// <summary>About normal, from a sum of uniform ones.</summary>
    public static float[] Random(Random random, int count, float scale = 1)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = scale * (random.NextSingle() + random.NextSingle() + random.NextSingle() + random.NextSingle() - 2) * 1.73f;
        return values;
    }

    /// <summary>Fails where a result is no number, or ‖actual - expected‖ / ‖expected‖ is over the tolerance.</summary>
    public static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        double difference = 0, norm = 1e-30;
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(float.IsFinite(actual[i]), $"{what}: number {i} is {actual[i]}");
            difference += Math.Pow((double)actual[i] - expected[i], 2);
            norm += Math.Pow(expected[i], 2);
        }

        double error = Math.Sqrt(difference / norm);
        Assert.True(error <= tolerance, $"{what}: relative error {error:E2} over {tolerance:E2}");
    }
}
