namespace AutoGlm.Engine.Evaluation;

/// <summary>Repeated measurements of one quantity.</summary>
public sealed record Sample
{
    private readonly double[] _sorted;

    /// <param name="values">At least one.</param>
    public Sample(IEnumerable<double> values)
    {
        _sorted = [.. values.Order()];
        if (_sorted.Length == 0) throw new ArgumentException("There is nothing to describe.", nameof(values));
    }

    public int Count => _sorted.Length;

    public double Min => _sorted[0];

    public double Max => _sorted[^1];

    public double Median => (_sorted[(Count - 1) / 2] + _sorted[Count / 2]) / 2;
}
