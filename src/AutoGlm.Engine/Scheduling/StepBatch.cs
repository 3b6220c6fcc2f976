using AutoGlm.Graph.Execution;

namespace AutoGlm.Engine.Scheduling;

/// <summary>What one step computes, and of whom.</summary>
internal sealed class StepBatch
{
    private readonly List<Part> _parts = [];

    /// <summary>A sequence's rows.</summary>
    /// <param name="Sequence">Whose.</param>
    /// <param name="Tokens">How many.</param>
    /// <param name="WantsLogits">True where its next token follows from them.</param>
    public readonly record struct Part(Sequence Sequence, int Tokens, bool WantsLogits);

    public ForwardBatch Rows { get; } = new();

    public List<Part> Parts => _parts;

    /// <summary>True where each sequence has one row and wants a token, so that the next step can have the same.</summary>
    public bool IsOneTokenEach => Rows.RowCount == _parts.Count && Rows.LogitRows.Length == _parts.Count;

    public void Clear()
    {
        Rows.Clear();
        _parts.Clear();
    }

    /// <summary>Adds rows of a sequence.</summary>
    public void Add(Sequence sequence, ReadOnlySpan<int> tokens, int position, int blockTokens, bool wantsLogits)
    {
        Rows.Add(tokens, position, sequence.Kv!.BlockTable, blockTokens, wantsLogits ? LogitRows.Last : LogitRows.None);
        _parts.Add(new Part(sequence, tokens.Length, wantsLogits));
    }
}
