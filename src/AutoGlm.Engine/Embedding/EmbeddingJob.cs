using System.Numerics.Tensors;

namespace AutoGlm.Engine.Embedding;

/// <summary>Inputs on their way to becoming vectors, in their order.</summary>
/// <param name="inputs">Token ids, at least one each.</param>
/// <param name="width">Numbers of a vector.</param>
internal sealed class EmbeddingJob(IReadOnlyList<IReadOnlyList<int>> inputs, int width)
{
    private readonly double[] _sum = new double[width];
    private readonly List<float[]> _vectors = [];
    private int _summed = 0;

    public IReadOnlyList<IReadOnlyList<int>> Inputs => inputs;

    /// <summary>The first input that is not done.</summary>
    public int Current { get; private set; }

    /// <summary>Tokens of it that are.</summary>
    public int Position { get; private set; }

    /// <summary>The vectors of the inputs that are done.</summary>
    public IReadOnlyList<float[]> Vectors => _vectors;

    /// <summary>Takes a token's hidden state; inputs' tokens come in order.</summary>
    public void Add(int input, ReadOnlySpan<float> hidden)
    {
        for (int i = 0; i < hidden.Length; i++) _sum[i] += hidden[i];
        if (++_summed < inputs[input].Count) return;
        _vectors.Add(Normalize());
        Array.Clear(_sum);
        _summed = 0;
    }

    /// <summary>Notes what a batch has computed.</summary>
    /// <returns>True once all inputs are done.</returns>
    public bool Advance(IReadOnlyList<(int Input, int Rows)> parts)
    {
        foreach ((int input, int rows) in parts)
        {
            Position += rows;
            if (Position < inputs[input].Count) continue;
            Current = input + 1;
            Position = 0;
        }

        return Current == inputs.Count;
    }

    /// <summary>The mean's direction is the sum's.</summary>
    private float[] Normalize()
    {
        double length = Math.Sqrt(TensorPrimitives.SumOfSquares<double>(_sum));
        return [.. _sum.Select(x => length > 0 ? (float)(x / length) : 0)];
    }
}
