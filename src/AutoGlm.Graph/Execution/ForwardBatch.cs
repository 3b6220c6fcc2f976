namespace AutoGlm.Graph.Execution;

/// <summary>Which rows of a sequence want logits.</summary>
public enum LogitRows
{
    None,
    Last,
    All,
}

/// <summary>The rows of one sequence in a batch.</summary>
/// <param name="FirstRow">Its first row in the batch.</param>
/// <param name="RowCount">Its rows: consecutive tokens.</param>
/// <param name="FirstPosition">Position in the sequence of its first row; positions count up from there.</param>
/// <param name="FirstBlock">Where its block table begins in <see cref="ForwardBatch.BlockTables"/>.</param>
/// <param name="BlockCount">Blocks of the sequence; they cover position FirstPosition + RowCount - 1.</param>
public readonly record struct BatchSequence(int FirstRow, int RowCount, int FirstPosition, int FirstBlock, int BlockCount)
{
    /// <summary>Tokens in the KV cache once this batch has run.</summary>
    public int EndPosition => FirstPosition + RowCount;
}

/// <summary>
/// What one step computes: rows of several sequences, prefill chunks and decode rows alike. It is filled, run and cleared
/// again by the step loop's thread; filling it allocates nothing once its buffers have grown.
/// </summary>
public sealed class ForwardBatch
{
    private readonly Buffer<int> _tokens = new();
    private readonly Buffer<int> _positions = new();
    private readonly Buffer<int> _blockTables = new();
    private readonly Buffer<int> _logitRows = new();
    private readonly Buffer<BatchSequence> _sequences = new();

    /// <summary>Token id of each row.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.Span;

    /// <summary>Position of each row in its sequence.</summary>
    public ReadOnlySpan<int> Positions => _positions.Span;

    /// <summary>The sequences' block tables, one after another.</summary>
    public ReadOnlySpan<int> BlockTables => _blockTables.Span;

    /// <summary>Rows that want logits, ascending.</summary>
    public ReadOnlySpan<int> LogitRows => _logitRows.Span;

    public ReadOnlySpan<BatchSequence> Sequences => _sequences.Span;

    public int RowCount => _tokens.Span.Length;

    /// <summary>[rows, width]: what a graph's <see cref="Nodes.Input"/> is; empty where it has none.</summary>
    public ReadOnlyMemory<float> Inputs { get; set; }

    /// <summary>Adds consecutive tokens of a sequence.</summary>
    /// <param name="tokens">Token ids, at least one.</param>
    /// <param name="firstPosition">Position of the first: so many tokens are in the KV cache already.</param>
    /// <param name="blockTable">Blocks of the sequence from position 0 on.</param>
    /// <param name="blockTokens">Tokens a block holds.</param>
    /// <param name="logits">Which of these rows want logits.</param>
    /// <exception cref="ArgumentException">No tokens, a negative position, or blocks that do not cover the tokens.</exception>
    public void Add(ReadOnlySpan<int> tokens, int firstPosition, ReadOnlySpan<int> blockTable, int blockTokens, LogitRows logits)
    {
        if (tokens.IsEmpty) throw new ArgumentException("A batch entry needs at least one token.", nameof(tokens));
        ArgumentOutOfRangeException.ThrowIfNegative(firstPosition);
        if ((long)blockTable.Length * blockTokens < (long)firstPosition + tokens.Length)
            throw new ArgumentException($"{blockTable.Length} blocks of {blockTokens} tokens do not cover position {firstPosition + tokens.Length - 1}.", nameof(blockTable));

        int firstRow = RowCount;
        _sequences.Append(new BatchSequence(firstRow, tokens.Length, firstPosition, BlockTables.Length, blockTable.Length));
        _blockTables.Append(blockTable);
        _tokens.Append(tokens);
        for (int i = 0; i < tokens.Length; i++)
        {
            _positions.Append(firstPosition + i);
            if (logits == Execution.LogitRows.All || (logits == Execution.LogitRows.Last && i == tokens.Length - 1)) _logitRows.Append(firstRow + i);
        }
    }

    /// <summary>Becomes another batch's sequences, of whose rows others may want logits.</summary>
    /// <param name="other">The other; its <see cref="Inputs"/> stay its own.</param>
    /// <param name="logits">Which rows of each sequence want logits.</param>
    public void CopyFrom(ForwardBatch other, LogitRows logits)
    {
        Clear();
        _tokens.Append(other.Tokens);
        _positions.Append(other.Positions);
        _blockTables.Append(other.BlockTables);
        _sequences.Append(other.Sequences);
        foreach (BatchSequence sequence in other.Sequences)
        {
            int first = logits switch { Execution.LogitRows.All => 0, Execution.LogitRows.Last => sequence.RowCount - 1, _ => sequence.RowCount };
            for (int row = first; row < sequence.RowCount; row++) _logitRows.Append(sequence.FirstRow + row);
        }
    }

    public void Clear()
    {
        Inputs = default;
        _tokens.Clear();
        _positions.Clear();
        _blockTables.Clear();
        _logitRows.Clear();
        _sequences.Clear();
    }

    /// <summary>A list whose items are seen as a span.</summary>
    private sealed class Buffer<T>
    {
        private T[] _items = new T[64];
        private int _count;

        public ReadOnlySpan<T> Span => _items.AsSpan(0, _count);

        public void Append(T item)
        {
            if (_count == _items.Length) Array.Resize(ref _items, 2 * _count);
            _items[_count++] = item;
        }

        public void Append(ReadOnlySpan<T> items)
        {
            if (_count + items.Length > _items.Length) Array.Resize(ref _items, Math.Max(2 * _items.Length, _count + items.Length));
            items.CopyTo(_items.AsSpan(_count));
            _count += items.Length;
        }

        public void Clear() => _count = 0;
    }
}
