using AutoGlm.Cuda.Memory;
using AutoGlm.Formats.Quantization;

namespace AutoGlm.Cuda.Linear;

/// <summary>
/// Matrices [matrices, outputs, inputs] packed in the card's memory: for each matrix its tiles of 16 outputs, for each tile
/// its units along the columns. Rows and columns beyond the matrix are zeros.
/// </summary>
internal sealed class PackedMatrix : IDisposable
{
    private readonly DeviceBuffer _buffer;
    private readonly long _before;

    /// <summary>Memory for matrices, to be filled by <see cref="LinearKernels.Pack"/>.</summary>
    /// <param name="device">Where.</param>
    /// <param name="format">How they lie.</param>
    /// <param name="matrices">How many.</param>
    /// <param name="outputs">Rows of each; of the gate, where <paramref name="gated"/>.</param>
    /// <param name="inputs">Columns of each.</param>
    /// <param name="gated">True where a matrix is a gate and an up projection, and its product is silu(gate) up.</param>
    /// <param name="purpose">What for, in an error's words.</param>
    /// <param name="table">True for a table that tokens' rows are read from: a row of -1, for a token that could not be chosen, is then memory of its own.</param>
    /// <exception cref="InsufficientMemoryException">The card has not so much left.</exception>
    public PackedMatrix(CudaDevice device, PackedFormat format, int matrices, int outputs, int inputs, bool gated, string purpose, bool table = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(matrices, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        Format = format;
        Matrices = matrices;
        Outputs = outputs;
        Inputs = inputs;
        Gated = gated;
        Units = format.Units(inputs);
        Tiles = checked((outputs + OutputsPerTile - 1) / OutputsPerTile);
        MatrixBytes = checked((long)Tiles * Units * format.UnitBytes);
        _before = table ? DeviceBuffer.Align((long)Units * format.UnitBytes) : 0;
        _buffer = new DeviceBuffer(device, checked(_before + MatrixBytes * matrices), purpose);
    }

    public PackedFormat Format { get; }

    public int Matrices { get; }

    public int Outputs { get; }

    public int Inputs { get; }

    public bool Gated { get; }

    /// <summary>Outputs that a tile of 16 rows makes: 8 where each is made of two rows.</summary>
    public int OutputsPerTile => Gated ? PackedFormat.TileRows / 2 : PackedFormat.TileRows;

    /// <summary>Tiles of a matrix.</summary>
    public int Tiles { get; }

    /// <summary>Units of a tile.</summary>
    public int Units { get; }

    public long MatrixBytes { get; }

    public long Bytes => MatrixBytes * Matrices;

    /// <summary>Bytes of a row as it is to be brought to the card: as the file has it, or floats.</summary>
    public long SourceRowBytes => BlockFormats.RowBytes(Format.Type, Inputs);

    /// <summary>Where a matrix begins.</summary>
    public nint Address(int matrix = 0) => _buffer.Address + (nint)(_before + matrix * MatrixBytes);

    public void Dispose() => _buffer.Dispose();
}
