using AutoGlm.Cuda.Sampling;

namespace AutoGlm.Cuda.Tests.Sampling;

/// <summary>Tokens drawn on the card are those that the definition draws with the same random number.</summary>
public class SampleLauncherTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(33)]
    [InlineData(1000)]
    [InlineData(49152)]
    [InlineData(151936)]
    public void Tokens_are_those_of_the_definition(int vocabulary)
    {
        using Card card = new();
        Random random = new(vocabulary);
        const int Rows = 48;
        float[] logits = new float[Rows * vocabulary];
        SamplingRow[] options = new SamplingRow[Rows];
        for (int row = 0; row < Rows; row++)
        {
            Numbers.Random(random, vocabulary, 0.3f + 0.1f * (row % 40)).CopyTo(logits, row * vocabulary);
            // Ties, holes and nonsense.
            for (int i = 0; i < vocabulary; i++)
            {
                ref float logit = ref logits[row * vocabulary + i];
                if (row % 7 == 3) logit = MathF.Floor(logit * 2) / 2;
                if (row % 11 == 5 && i % 3 > 0) logit = float.NegativeInfinity;
                if (row == 13) logit = float.NaN;
            }

            options[row] = new SamplingRow
            {
                Temperature = row % 5 == 0 ? 0 : 0.2f + 0.1f * (row % 13),
                TopP = row % 3 == 0 ? 1 : row % 3 == 1 ? 0.9f : 0.02f * row,
                MinP = row % 4 == 2 ? 0.05f : 0,
                TopK = row % 2 == 0 ? 0 : row % 6 == 1 ? 40 : row * 100,
                Seed = (ulong)row * 7919,
                Counter = (ulong)row,
            };
        }

        nint tokens = card.Poisoned(Rows * sizeof(int));
        new SampleLauncher(card.Kernels).Launch(card.Stream, new SampleArgs { Logits = card.Upload(logits), Options = card.Upload(options), Tokens = tokens, Stride = vocabulary, Vocabulary = vocabulary }, Rows);

        int[] drawn = card.Download<int>(tokens, Rows);
        // Where the random number falls on a boundary, rounding may choose the neighbour.
        int others = Enumerable.Range(0, Rows).Count(row => drawn[row] != Draw(logits.AsSpan(row * vocabulary, vocabulary).ToArray(), options[row]));
        Assert.True(others <= 1, $"{others} of {Rows} rows drew another token");
    }

    private static int Draw(float[] logits, SamplingRow row)
    {
        List<int> tokens = [.. Enumerable.Range(0, logits.Length).Where(i => logits[i] > float.NegativeInfinity).OrderByDescending(i => logits[i])];
        if (tokens.Count == 0) return -1;
        float most = logits[tokens[0]];
        if (row.Temperature == 0) return tokens[0];
        double Weight(int token, double scale) => Math.Exp((logits[token] - (double)most) * scale);

        if (row.TopK > 0) tokens = [.. tokens.Take(row.TopK)];
        if (row.TopP < 1)
        {
            double target = row.TopP * tokens.Sum(token => Weight(token, 1)), sum = 0;
            int needed = tokens.FindIndex(token => (sum += Weight(token, 1)) >= target);
            tokens = [.. tokens.Take(Math.Max(1, needed + 1))];
        }

        if (row.MinP > 0) tokens = [.. tokens.Where(token => logits[token] >= most + MathF.Log(row.MinP) || logits[token] == most)];
        tokens.Sort();
        double left = Uniform(row.Seed, row.Counter) * tokens.Sum(token => Weight(token, 1 / (double)row.Temperature));
        return tokens.FirstOrDefault(token => (left -= Weight(token, 1 / (double)row.Temperature)) < 0, tokens[^1]);
    }

    private static double Uniform(ulong seed, ulong counter)
    {
        ulong z = unchecked(seed + 0x9E3779B97F4A7C15 * (counter + 1));
        for (int i = 0; i < 2; i++)
        {
            z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
            z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
            z = unchecked((z ^ (z >> 31)) + seed);
        }

        return (z >> 11) * (1.0 / (1UL << 53));
    }
}
