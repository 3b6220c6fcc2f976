using System.Runtime.CompilerServices;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cpu.Kernels;

/// <summary>
/// How weights lie in a <see cref="PackedMatrix"/>. A panel holds 32 output rows; along the columns it is a run of
/// blocks, each a header (the scales of 32 rows) and the quants of one or more groups of 32 columns. In a quant vector of
/// 128 bytes the 32-bit lane r belongs to row r of the panel and holds four neighbouring columns (a chunk; a group has
/// eight), so that one broadcast of four activations meets all rows. Registers take as many lanes as they hold.
/// </summary>
internal unsafe interface IPackedFormat<TSelf> where TSelf : struct, IPackedFormat<TSelf>
{
    /// <summary>The file type that packs into this layout.</summary>
    static abstract TensorType Type { get; }

    /// <summary>Groups of 32 columns that share a header.</summary>
    static abstract int Groups { get; }

    static abstract int HeaderBytes { get; }

    /// <summary>Bytes of the quants of one group: all rows, 32 columns.</summary>
    static abstract int QuantBytes { get; }

    /// <summary>True where quants are signed bytes; otherwise they are unsigned and at most 63.</summary>
    static abstract bool Signed { get; }

    /// <summary>Chunks whose products with activations can be summed in 16 bits: 8 for quants up to 15, 4 up to 31, 2 up to 63.</summary>
    static virtual int Sums => 8;

    /// <summary>True where each half of a group (16 columns) has an integer scale and a minimum of its own.</summary>
    static virtual bool HasHalves => false;

    /// <summary>True where weights have a minimum to add to scale times quant.</summary>
    static virtual bool HasMinima => !TSelf.Signed;

    /// <summary>The quants of one chunk, a byte each, from the lanes that <paramref name="quants"/> points to.</summary>
    static abstract T Unpack<T>(byte* quants, int chunk) where T : unmanaged, ILanes<T>;

    /// <summary>Expands the header for the lanes from <paramref name="lane"/> on.</summary>
    static abstract void Scales<T>(byte* header, int lane, ref GroupScales scales) where T : unmanaged, ILanes<T>;

    /// <summary>Where in a block of the file its quants begin: <see cref="SourceWords"/> words of 32 bits.</summary>
    static abstract int SourceQuants { get; }

    static abstract int SourceWords { get; }

    /// <summary>Writes the scales of one row's block of the file as the given lane of a header.</summary>
    static abstract void PackHeader(byte* source, byte* header, int lane);

    /// <summary>
    /// The quants of one chunk, a byte each, from the words of the file's blocks ([word][row]; see <see cref="RowWords"/>). Unless the
    /// format has others: the nibbles of ggml's legacy blocks.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual T Chunk<T>(byte* words, int group, int chunk) where T : unmanaged, ILanes<T> => Quants.NibbleField<T>(words, 0, chunk);

    /// <summary>Writes the chunks of one group as <see cref="Unpack"/> reads them. Unless the format has more: a plane of nibbles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual void PackGroup<T>(byte* words, int group, byte* quants) where T : unmanaged, ILanes<T> =>
        Quants.PackNibbles<T, TSelf>(words, group, quants);
}

/// <summary>The expanded scales of a packed block, per group one vector; 64-byte aligned.</summary>
internal unsafe struct GroupScales
{
    public const int MaxGroups = 8;

    private const int Rows = Panel.Rows;

    /// <summary>[group][row]: weight = scale quant (times the half's integer scale) + minimum.</summary>
    public fixed float Scale[MaxGroups * Rows];

    /// <summary>[group][half][row]; formats without halves use the first half alone.</summary>
    public fixed float Minimum[MaxGroups * 2 * Rows];

    /// <summary>[group][half][row]: the integer scale of a half, twice as 16-bit numbers.</summary>
    public fixed int Half[MaxGroups * 2 * Rows];

    public float* ScaleAt(int group, int lane) => (float*)Unsafe.AsPointer(ref Scale[0]) + group * Rows + lane;

    public float* MinimumAt(int group, int lane) => (float*)Unsafe.AsPointer(ref Minimum[0]) + group * 2 * Rows + lane;

    public int* HalfAt(int group, int lane) => (int*)Unsafe.AsPointer(ref Half[0]) + group * 2 * Rows + lane;
}
