using System.Runtime.CompilerServices;

namespace AutoGlm.Cpu.Kernels;

/// <summary>
/// The output rows of a panel times some activation rows for every quantised format. The weights of a group of 32 columns
/// are unpacked into registers once and meet each activation row, in one of three ways of multiplying; sums over groups
/// stay in <c>sums</c>, which is small enough for the first cache.
/// </summary>
internal static unsafe class IntegerTile<T, TFormat, TProducts>
    where T : unmanaged, ILanes<T>
    where TFormat : struct, IPackedFormat<TFormat>
    where TProducts : struct, IGroupProducts<T, TFormat>
{
    private static int BlockBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.HeaderBytes + TFormat.Groups * TFormat.QuantBytes;
    }

    /// <summary>Adds to <paramref name="sums"/> ([row][32]) the products of activation rows from <paramref name="row"/> on.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(byte* panel, in Activations x, int row, int count, float* sums)
    {
        byte* memory = stackalloc byte[sizeof(GroupScales) + 64];
        GroupScales* scales = (GroupScales*)(((nint)memory + 63) & ~63);
        int groups = x.Groups;
        for (int first = 0; first < groups; first += TFormat.Groups, panel += BlockBytes)
        {
            Prefetch.Ahead(panel, TFormat.HeaderBytes);
            for (int lane = 0; lane < Panel.Rows; lane += T.Count) Expand(panel, lane, scales);
            byte* quants = panel + TFormat.HeaderBytes;
            for (int group = 0; group < TFormat.Groups; group++, quants += TFormat.QuantBytes)
            {
                Prefetch.Ahead(quants, TFormat.QuantBytes);
                long at = (long)(first + group) * x.Rows + row;
                for (int lane = 0; lane < Panel.Rows; lane += T.Count)
                {
                    TProducts.Add(quants + 4 * lane, scales, group, lane, x, at, count, sums + lane);
                }
            }
        }
    }

    // Not inlined: the JIT's budget for inlining grows with the method that it inlines into.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Expand(byte* header, int lane, GroupScales* scales) =>
        TFormat.Scales<T>(header, lane, ref Unsafe.AsRef<GroupScales>(scales));
}
