using AutoGlm.Graph;

namespace AutoGlm.Cpu.Plan;

/// <summary>What decides how the steps of a batch are divided.</summary>
/// <param name="ManyTokens">True where there are at least as many token rows as threads.</param>
/// <param name="ManyLogits">True where there are at least as many rows that want logits as threads.</param>
/// <param name="SingleRows">True where each sequence has one row.</param>
/// <param name="SplitKeys">True where the keys of attention are split over threads; see <see cref="KeySplit"/>.</param>
internal readonly record struct BatchKind(bool ManyTokens, bool ManyLogits, bool SingleRows, bool SplitKeys = false)
{
    public const int Count = 16;

    public int Index => (ManyTokens ? 1 : 0) + (ManyLogits ? 2 : 0) + (SingleRows ? 4 : 0) + (SplitKeys ? 8 : 0);

    public bool HasMany(RowSpace rows) => rows == RowSpace.Tokens ? ManyTokens : ManyLogits;
}
