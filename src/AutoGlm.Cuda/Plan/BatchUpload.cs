using AutoGlm.Cuda.Memory;
using AutoGlm.Cuda.Sampling;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cuda.Plan;

/// <summary>
/// A batch in the card's memory: how tokens are chosen, positions, table starts, rows that want logits, and last the block tables, so
/// that one copy brings all. Places depend on the number of rows alone, so that a captured graph finds them again. Tokens are apart:
/// what a step chooses is written there, for a step that follows.
/// </summary>
internal sealed class BatchUpload : IDisposable
{
    private readonly CudaDevice _device;
    private readonly DeviceBuffer _tokens;
    private readonly Alternating _hostTokens;
    private Alternating? _host;
    private DeviceBuffer? _card;

    public BatchUpload(CudaDevice device, int maxRows)
    {
        _device = device;
        _tokens = new DeviceBuffer(device, maxRows * sizeof(int), "tokens");
        _hostTokens = new Alternating(device, _tokens.Bytes);
    }

    /// <summary>Writes a batch and queues its copy; of those before, all but the last must be done.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="rows">Rows to make of it: those beyond its own get position -1 and want logits of row 0.</param>
    /// <param name="choices">How the tokens of its rows of logits are chosen; null where they are not.</param>
    /// <param name="follows">True to leave the tokens as the step before chose them.</param>
    /// <param name="context">Told the places.</param>
    /// <returns>True where the places have moved since the last batch of so many rows.</returns>
    public bool Send(ForwardBatch batch, int rows, ReadOnlySpan<SamplingRow> choices, bool follows, StepContext context)
    {
        bool padded = rows > batch.RowCount;
        int logits = padded ? rows : batch.LogitRows.Length;
        int chosen = choices.IsEmpty ? 0 : logits, start = chosen * SamplingRow.Ints;
        int tables = start + 2 * rows + logits, end = tables + batch.BlockTables.Length;
        bool moved = Reserve((long)end * sizeof(int), context.Stream);
        PinnedBuffer host = _host!.Next();
        Span<SamplingRow> rowChoices = host.Span<SamplingRow>(0, chosen);
        choices.CopyTo(rowChoices);
        rowChoices[choices.Length..].Clear();
        Span<int> all = host.Span<int>(0, end);
        Fill(all[start..(start + rows)], batch.Positions, -1);
        Span<int> rowTables = all.Slice(start + rows, rows);
        foreach (BatchSequence sequence in batch.Sequences) rowTables.Slice(sequence.FirstRow, sequence.RowCount).Fill(sequence.FirstBlock);
        rowTables[batch.RowCount..].Clear();
        Fill(all[(start + 2 * rows)..tables], batch.LogitRows, 0);
        batch.BlockTables.CopyTo(all[tables..]);
        context.Stream.Upload(_card!.Address, host.Address, (long)end * sizeof(int));
        if (!follows) SendTokens(batch.Tokens, rows, context.Stream);

        nint At(int index) => _card.Address + index * sizeof(int);
        (context.TokenRows, context.LogitRows) = (rows, logits);
        (context.Tokens, context.Choices) = (_tokens.Address, chosen == 0 ? 0 : At(0));
        (context.Positions, context.RowTables, context.SelectedRows, context.Tables) = (At(start), At(start + rows), At(start + 2 * rows), At(tables));
        return moved;
    }

    public void Dispose()
    {
        _host?.Dispose();
        _card?.Dispose();
        _hostTokens.Dispose();
        _tokens.Dispose();
    }

    private static void Fill(Span<int> destination, ReadOnlySpan<int> source, int rest)
    {
        source.CopyTo(destination);
        destination[source.Length..].Fill(rest);
    }

    private void SendTokens(ReadOnlySpan<int> tokens, int rows, CudaStream stream)
    {
        PinnedBuffer host = _hostTokens.Next();
        Fill(host.Span<int>(0, rows), tokens, 0);
        stream.Upload(_tokens.Address, host.Address, rows * sizeof(int));
    }

    private bool Reserve(long bytes, CudaStream stream)
    {
        if (_card is not null && bytes <= _card.Bytes) return false;
        long more = Math.Max(bytes, Math.Max(1 << 16, 2 * (_card?.Bytes ?? 0)));
        // The card may still read what there is.
        if (_host is not null) stream.Synchronize();
        _host?.Dispose();
        _card?.Dispose();
        _host = new Alternating(_device, more);
        _card = new DeviceBuffer(_device, more, "batches");
        return true;
    }
}
