using AutoGlm.Cuda.Memory;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cuda.Plan;

/// <summary>
/// A batch in the card's memory: tokens, positions, table starts, rows that want logits, and last the block tables, so that one
/// copy brings all. Places depend on the number of rows alone, so that a captured graph finds them again.
/// </summary>
internal sealed class BatchUpload(CudaDevice device) : IDisposable
{
    private PinnedBuffer? _host;
    private DeviceBuffer? _card;

    /// <summary>Writes a batch and queues its copy; the one before must be done.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="rows">Rows to make of it: those beyond its own get position -1 and want logits of row 0.</param>
    /// <param name="context">Told the places.</param>
    /// <returns>True where the places have moved since the last batch of so many rows.</returns>
    public bool Send(ForwardBatch batch, int rows, StepContext context)
    {
        bool padded = rows > batch.RowCount;
        int logits = padded ? rows : batch.LogitRows.Length;
        int tables = 3 * rows + logits;
        bool moved = Reserve((long)(tables + batch.BlockTables.Length) * sizeof(int));
        Span<int> all = _host!.Span<int>(0, tables + batch.BlockTables.Length);
        Fill(all[..rows], batch.Tokens, 0);
        Fill(all[rows..(2 * rows)], batch.Positions, -1);
        Span<int> rowTables = all[(2 * rows)..(3 * rows)];
        foreach (BatchSequence sequence in batch.Sequences) rowTables.Slice(sequence.FirstRow, sequence.RowCount).Fill(sequence.FirstBlock);
        rowTables[batch.RowCount..].Clear();
        Fill(all[(3 * rows)..tables], batch.LogitRows, 0);
        batch.BlockTables.CopyTo(all[tables..]);
        context.Stream.Upload(_card!.Address, _host.Address, all.Length * sizeof(int));

        nint At(int index) => _card.Address + index * sizeof(int);
        (context.TokenRows, context.LogitRows) = (rows, logits);
        (context.Tokens, context.Positions, context.RowTables, context.SelectedRows, context.Tables) = (At(0), At(rows), At(2 * rows), At(3 * rows), At(tables));
        return moved;
    }

    public void Dispose()
    {
        _host?.Dispose();
        _card?.Dispose();
    }

    private static void Fill(Span<int> destination, ReadOnlySpan<int> source, int rest)
    {
        source.CopyTo(destination);
        destination[source.Length..].Fill(rest);
    }

    private bool Reserve(long bytes)
    {
        if (_host is not null && bytes <= _host.Bytes) return false;
        long more = Math.Max(bytes, Math.Max(1 << 16, 2 * (_host?.Bytes ?? 0)));
        Dispose();
        _host = new PinnedBuffer(device, more);
        _card = new DeviceBuffer(device, more, "batches");
        return true;
    }
}
