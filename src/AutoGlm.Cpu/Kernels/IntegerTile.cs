using System.Runtime.CompilerServices;

namespace AutoGlm.Cpu.Kernels;

/// <summary>
/// The output rows of a panel times some activation rows for every quantised format. The weights of a group of 32 columns are
/// unpacked into registers once and meet each activation row; sums over groups stay in <c>sums</c>, which is small enough
/// for the first cache.
/// </summary>
/// <remarks>
/// Instructions in the inner loop, as compiled for AVX-512, per multiply-accumulate. Unsigned quants, two registers wide
/// (1024 products per turn: 32 rows, 32 columns, one activation row): 10 broadcasts, 16 byte products, 14 sums and 2
/// widenings for quants up to 15 (12 and 4 with 2 more sums up to 31), 2 conversions, 2 scalings, 4 multiply-adds, 2
/// loads, 2 stores and 5 of loop: 60, or 0.059 each; 66 for quants up to 31, 73 up to 63 with scales of halves. Signed
/// quants, one register wide (512 products): 17 broadcasts, 16 products, 15 sums and so on: 59, or 0.115 each.
/// </remarks>
internal static unsafe class IntegerTile<T, TFormat>
    where T : unmanaged, ILanes<T>
    where TFormat : struct, IPackedFormat<TFormat>
{
    private const int Rows = Panel.Rows;

    public static int BlockBytes
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
        ref GroupScales scales = ref *(GroupScales*)(((nint)memory + 63) & ~63);
        int groups = x.Groups;
        for (int first = 0; first < groups; first += TFormat.Groups, panel += BlockBytes)
        {
            for (int lane = 0; lane < Rows; lane += T.Count)
            {
                if (lane == 0) Prefetch.Ahead(panel, TFormat.HeaderBytes);
                Expand(panel, lane, ref scales);
                byte* quants = panel + TFormat.HeaderBytes + 4 * lane;
                for (int group = 0; group < TFormat.Groups; group++, quants += TFormat.QuantBytes)
                {
                    if (lane == 0) Prefetch.Ahead(quants, TFormat.QuantBytes);
                    long at = (long)(first + group) * x.Rows + row;
                    float* scale = (float*)Unsafe.AsPointer(ref scales.Scale[0]) + group * Rows + lane;
                    float* minimum = (float*)Unsafe.AsPointer(ref scales.Minimum[0]) + group * 2 * Rows + lane;
                    if (TFormat.Signed)
                    {
                        Signed(quants, T.Load(scale), x.Words + 32 * at, x.Scales + 4 * at, count, sums + lane);
                    }
                    else
                    {
                        int* half = (int*)Unsafe.AsPointer(ref scales.Half[0]) + group * 2 * Rows + lane;
                        Unsigned(quants, scale, minimum, half, x.Bytes + 32 * at, x.Scales + 4 * at, count, sums + lane);
                    }
                }
            }
        }
    }

    // What follows is not inlined: the JIT's budget for inlining grows with the method that it inlines into.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Expand(byte* header, int lane, ref GroupScales scales) => TFormat.Scales<T>(header, lane, ref scales);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Unsigned(byte* quants, float* scale, float* minimum, int* half, sbyte* x, float* xScales, int count, float* sums)
    {
        T w0 = TFormat.Unpack<T>(quants, 0), w1 = TFormat.Unpack<T>(quants, 1), w2 = TFormat.Unpack<T>(quants, 2);
        T w3 = TFormat.Unpack<T>(quants, 3), w4 = TFormat.Unpack<T>(quants, 4), w5 = TFormat.Unpack<T>(quants, 5);
        T w6 = TFormat.Unpack<T>(quants, 6), w7 = TFormat.Unpack<T>(quants, 7);
        T d = T.Load(scale), m0 = T.Load(minimum), m1 = TFormat.HasHalves ? T.Load(minimum + Rows) : m0;
        T h0 = TFormat.HasHalves ? T.Load(half) : T.Splat(0x00010001), h1 = TFormat.HasHalves ? T.Load(half + Rows) : h0;
        for (float* end = sums + Rows * count; sums < end; sums += Rows, x += 32, xScales += 4)
        {
            // Products are summed as they come: the weights leave few registers.
            T dot = Two(w0, w1, x);
            if (TFormat.Sums == 2) dot = T.MultiplyAdd16(dot, h0);
            dot = Join(dot, Two(w2, w3, x + 8), h0, TFormat.Sums >= 4);
            if (TFormat.Sums == 4) dot = T.MultiplyAdd16(dot, h0);
            if (TFormat.Sums == 4)
            {
                T second = T.Add16(Two(w4, w5, x + 16), Two(w6, w7, x + 24));
                dot = T.Add32(dot, T.MultiplyAdd16(second, h1));
            }
            else
            {
                dot = Join(dot, Two(w4, w5, x + 16), h1, TFormat.Sums == 8);
                dot = Join(dot, Two(w6, w7, x + 24), h1, TFormat.Sums == 8);
            }

            if (TFormat.Sums == 8) dot = T.MultiplyAdd16(dot, h0);
            T y = T.MultiplyAdd(T.ToSingle(dot), T.Multiply(d, T.Broadcast(xScales)), T.Load(sums));
            y = T.MultiplyAdd(m0, T.Broadcast(xScales + (TFormat.HasHalves ? 2 : 1)), y);
            if (TFormat.HasHalves) y = T.MultiplyAdd(m1, T.Broadcast(xScales + 3), y);
            T.Store(y, sums);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Two(T w0, T w1, sbyte* x) =>
        T.Add16(T.MultiplyAdd8(w0, T.Broadcast(x)), T.MultiplyAdd8(w1, T.Broadcast(x + 4)));

    /// <summary>Adds products to a sum that is still 16 bits wide, or widened and scaled to one that is not.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Join(T sum, T products, T scale, bool narrow) =>
        narrow ? T.Add16(sum, products) : T.Add32(sum, T.MultiplyAdd16(products, scale));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Signed(byte* quants, T d, short* x, float* xScales, int count, float* sums)
    {
        T w0 = TFormat.Unpack<T>(quants, 0), w1 = TFormat.Unpack<T>(quants, 1), w2 = TFormat.Unpack<T>(quants, 2);
        T w3 = TFormat.Unpack<T>(quants, 3), w4 = TFormat.Unpack<T>(quants, 4), w5 = TFormat.Unpack<T>(quants, 5);
        T w6 = TFormat.Unpack<T>(quants, 6), w7 = TFormat.Unpack<T>(quants, 7);
        T v0 = Odd(w0), v1 = Odd(w1), v2 = Odd(w2), v3 = Odd(w3), v4 = Odd(w4), v5 = Odd(w5), v6 = Odd(w6), v7 = Odd(w7);
        w0 = Even(w0);
        w1 = Even(w1);
        w2 = Even(w2);
        w3 = Even(w3);
        w4 = Even(w4);
        w5 = Even(w5);
        w6 = Even(w6);
        w7 = Even(w7);
        for (float* end = sums + Rows * count; sums < end; sums += Rows, x += 32, xScales += 4)
        {
            T a = T.Add32(Four(w0, w1, w2, w3, x), Four(w4, w5, w6, w7, x + 8));
            T b = T.Add32(Four(v0, v1, v2, v3, x + 16), Four(v4, v5, v6, v7, x + 24));
            T y = T.ToSingle(T.Add32(a, b));
            T.Store(T.MultiplyAdd(y, T.Multiply(d, T.Broadcast(xScales)), T.Load(sums)), sums);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Four(T w0, T w1, T w2, T w3, short* x) => T.Add32(
        T.Add32(T.MultiplyAdd16(w0, T.Broadcast(x)), T.MultiplyAdd16(w1, T.Broadcast(x + 2))),
        T.Add32(T.MultiplyAdd16(w2, T.Broadcast(x + 4)), T.MultiplyAdd16(w3, T.Broadcast(x + 6))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Even(T bytes) => T.ShiftRightSigned16(T.ShiftLeft16(bytes, 8), 8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Odd(T bytes) => T.ShiftRightSigned16(bytes, 8);
}
