using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cpu.Kernels;

/// <summary>
/// The weights of linear layers, repacked for the kernels into native memory: rows are outputs, columns inputs. One
/// tensor, or several of one type and width stacked (Q, K and V; gate and up), or a stack of matrices (experts), each of
/// which then begins a panel of its own.
/// </summary>
internal sealed unsafe class PackedMatrix : IDisposable
{
    public const int PanelRows = Panel.Rows;

    private readonly Tensor[] _sources;
    private PanelMemory? _memory;
    private byte* _panels;

    private PackedMatrix(PackedFormat format, Tensor[] sources, int columns, int matrices, long rows)
    {
        Format = format;
        _sources = sources;
        Columns = columns;
        Matrices = matrices;
        RowsPerMatrix = checked((int)(rows / matrices));
        PanelsPerMatrix = (RowsPerMatrix + PanelRows - 1) / PanelRows;
        PanelBytes = format.PanelBytes(columns);
    }

    public PackedFormat Format { get; }

    public int Columns { get; }

    /// <summary>Matrices in the stack: 1 but for experts.</summary>
    public int Matrices { get; }

    public int RowsPerMatrix { get; }

    public int PanelsPerMatrix { get; }

    public long PanelBytes { get; }

    /// <summary>Panels in all: the unit of <see cref="PackPanels"/>.</summary>
    public int Panels => PanelsPerMatrix * Matrices;

    /// <summary>Bytes of all panels.</summary>
    public long Bytes => PanelBytes * Panels;

    /// <summary>Packs whole tensors at once into memory of its own; see <see cref="Of"/>.</summary>
    public static PackedMatrix Pack(params ReadOnlySpan<Tensor> tensors)
    {
        PackedMatrix matrix = Of(tensors);
        matrix.Allocate();
        matrix.PackPanels(0, matrix.Panels);
        return matrix;
    }

    /// <summary>
    /// The tensors' rows, one tensor after the other. A tensor of three dimensions must be alone: its outermost dimension counts
    /// matrices. Its panels are to be packed into memory of its own (<see cref="Allocate"/>) or are read from elsewhere
    /// (<see cref="ReadFrom"/>).
    /// </summary>
    /// <exception cref="ArgumentException">Tensors that differ in type or width, or are not matrices, or too large.</exception>
    public static PackedMatrix Of(params ReadOnlySpan<Tensor> tensors)
    {
        if (tensors.IsEmpty) throw new ArgumentException("no tensors to pack");
        Tensor first = tensors[0];
        PackedFormat format = PackedFormat.Get(first.Type);
        long rows = 0;
        foreach (Tensor tensor in tensors)
        {
            if (tensor.Shape.Count is < 1 or > 3 || (tensor.Shape.Count == 3 && tensors.Length > 1))
            {
                throw new ArgumentException($"{tensor.Name}: cannot pack a tensor of {tensor.Shape.Count} dimensions here");
            }

            if (tensor.Type != first.Type || tensor.RowLength != first.RowLength)
            {
                throw new ArgumentException($"{tensor.Name} ({tensor.Type}, width {tensor.RowLength}) cannot join {first.Name} ({first.Type}, width {first.RowLength})");
            }

            rows = checked(rows + tensor.RowCount);
        }

        if (first.RowLength is <= 0 or > int.MaxValue / 64 || rows is <= 0 or > int.MaxValue || first.RowLength % format.Source.BlockLength != 0)
        {
            throw new ArgumentException($"{first.Name}: cannot pack {rows} rows of {first.RowLength} {first.Type} values");
        }

        int matrices = first.Shape.Count == 3 ? checked((int)first.Shape[0]) : 1;
        return new PackedMatrix(format, tensors.ToArray(), (int)first.RowLength, matrices, rows);
    }

    /// <summary>Takes memory for the panels, no page of which is touched yet; to be filled by <see cref="PackPanels"/>.</summary>
    public void Allocate()
    {
        _memory = new PanelMemory(checked(PanelBytes * Panels));
        _panels = _memory.Address;
    }

    /// <summary>Reads the panels from memory that somebody else holds for as long as this is used.</summary>
    public void ReadFrom(byte* panels) => _panels = panels;

    /// <summary>Fills panels; threads may fill different ones at the same time.</summary>
    public void PackPanels(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)first + count, Panels, nameof(count));
        for (int index = first; index < first + count; index++)
        {
            PackPanel(index, PanelAt(index / PanelsPerMatrix, index % PanelsPerMatrix));
        }
    }

    /// <summary>Packs one panel to anywhere: <see cref="PanelBytes"/> bytes, on a cache line.</summary>
    public void PackPanel(int index, byte* panel)
    {
        (long row, int rows) = RowsOf(index);
        PackRows(row, rows, panel);
    }

    /// <summary>The rows of a panel, counted over all matrices: 32, or fewer at a matrix's end.</summary>
    public (long First, int Count) RowsOf(int panel)
    {
        (int matrix, int inMatrix) = (panel / PanelsPerMatrix, panel % PanelsPerMatrix * PanelRows);
        return ((long)matrix * RowsPerMatrix + inMatrix, Math.Min(PanelRows, RowsPerMatrix - inMatrix));
    }

    /// <summary>Decodes a row (counted over all matrices) to <see cref="Columns"/> floats.</summary>
    public void DecodeRow(long row, float* destination)
    {
        if ((ulong)row >= (ulong)RowsPerMatrix * (ulong)Matrices) throw new ArgumentOutOfRangeException(nameof(row), row, $"there are {(long)RowsPerMatrix * Matrices} rows");
        (long matrix, long inMatrix) = Math.DivRem(row, RowsPerMatrix);
        byte* panel = PanelAt((int)matrix, (int)(inMatrix / PanelRows));
        Format.DecodeRow(panel, Columns, (int)(inMatrix % PanelRows), destination);
    }

    /// <summary>A panel of a matrix.</summary>
    public byte* PanelAt(int matrix, int panel)
    {
        ObjectDisposedException.ThrowIf(_panels is null, this);
        return _panels + ((long)matrix * PanelsPerMatrix + panel) * PanelBytes;
    }

    public void Dispose()
    {
        _memory?.Dispose();
        _memory = null;
        _panels = null;
    }

    private void PackRows(long row, int count, byte* panel)
    {
        int source = 0;
        while (row >= _sources[source].RowCount) row -= _sources[source++].RowCount;
        if (count < PanelRows || row + count > _sources[source].RowCount)
        {
            PackPieces(source, row, count, panel);
            return;
        }

        fixed (byte* start = _sources[source].Rows(row, count)) Format.PackPanel(start, Columns, panel);
    }

    /// <summary>Rows of several tensors, or too few for a panel, which zeros then fill: brought together first.</summary>
    private void PackPieces(int source, long row, int count, byte* panel)
    {
        int rowBytes = checked((int)Format.Source.RowBytes(Columns));
        byte[] rows = new byte[checked(rowBytes * PanelRows)];
        for (int lane = 0; lane < count; source++, row = 0)
        {
            Tensor tensor = _sources[source];
            int here = (int)Math.Min(count - lane, tensor.RowCount - row);
            tensor.Rows(row, here).CopyTo(rows.AsSpan(lane * rowBytes));
            lane += here;
        }

        fixed (byte* start = rows) Format.PackPanel(start, Columns, panel);
    }
}
