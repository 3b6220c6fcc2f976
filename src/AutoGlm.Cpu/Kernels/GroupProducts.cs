using System.Runtime.CompilerServices;

namespace AutoGlm.Cpu.Kernels;

/// <summary>
/// A way to multiply the quants of a group with 8-bit activations. Results are the same but for the order in which floats
/// are rounded; which is fastest depends on the format and on the machine.
/// </summary>
internal unsafe interface IGroupProducts<T, TFormat>
    where T : unmanaged, ILanes<T>
    where TFormat : struct, IPackedFormat<TFormat>
{
    /// <summary>Adds the products of some lanes' rows with <paramref name="count"/> activation rows.</summary>
    /// <param name="quants">The group's quants, from the first of the lanes on.</param>
    /// <param name="scales">The block's scales.</param>
    /// <param name="group">Which group of the block.</param>
    /// <param name="lane">The first of the lanes.</param>
    /// <param name="x">The activations.</param>
    /// <param name="at">Where the group and the first row lie in them.</param>
    /// <param name="count">Activation rows.</param>
    /// <param name="sums">[row][32], from the first of the lanes on.</param>
    static abstract void Add(byte* quants, GroupScales* scales, int group, int lane, in Activations x, long at, int count, float* sums);
}

/// <summary>
/// Unsigned quants up to 63: products of bytes, summed in 16 bits for as long as they fit.
/// </summary>
/// <remarks>
/// Instructions of the loop, as compiled for two AVX-512 registers, per 1024 products (32 rows, 32 columns, one activation
/// row): 10 broadcasts, 16 byte products, 14 sums and 2 widenings for quants up to 15 (12 and 4 with 2 more sums up to
/// 31), 2 conversions, 2 scalings, 4 multiply-adds, 2 loads, 2 stores and 5 of loop: 60, or 0.059 each; 66 for quants up
/// to 31, 73 up to 63 with scales of halves. 40 of the 60 need one of the two 512-bit units: 51 products a cycle at most.
/// </remarks>
internal readonly unsafe struct UnsignedProducts<T, TFormat> : IGroupProducts<T, TFormat>
    where T : unmanaged, ILanes<T>
    where TFormat : struct, IPackedFormat<TFormat>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(byte* quants, GroupScales* scales, int group, int lane, in Activations activations, long at, int count, float* sums)
    {
        T w0 = TFormat.Unpack<T>(quants, 0), w1 = TFormat.Unpack<T>(quants, 1), w2 = TFormat.Unpack<T>(quants, 2);
        T w3 = TFormat.Unpack<T>(quants, 3), w4 = TFormat.Unpack<T>(quants, 4), w5 = TFormat.Unpack<T>(quants, 5);
        T w6 = TFormat.Unpack<T>(quants, 6), w7 = TFormat.Unpack<T>(quants, 7);
        float* minimum = scales->MinimumAt(group, lane);
        int* half = scales->HalfAt(group, lane);
        T d = T.Load(scales->ScaleAt(group, lane)), m0 = T.Load(minimum), m1 = TFormat.HasHalves ? T.Load(minimum + Panel.Rows) : m0;
        T h0 = TFormat.HasHalves ? T.Load(half) : T.Splat(0x00010001), h1 = TFormat.HasHalves ? T.Load(half + Panel.Rows) : h0;
        sbyte* x = activations.Bytes + Activations.ByteStride * at;
        float* xScales = activations.Scales + 4 * at;
        for (float* end = sums + Panel.Rows * count; sums < end; sums += Panel.Rows, x += Activations.ByteStride, xScales += 4)
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
}

/// <summary>
/// Signed quants: widened to 16 bits once, then products of 16-bit numbers.
/// </summary>
/// <remarks>
/// Instructions of the loop, as compiled for one AVX-512 register, per 512 products: 17 broadcasts, 16 products, 15 sums
/// and so on: 59, or 0.115 each; 34 need one of the two 512-bit units: 30 products a cycle at most.
/// </remarks>
internal readonly unsafe struct SignedProducts<T, TFormat> : IGroupProducts<T, TFormat>
    where T : unmanaged, ILanes<T>
    where TFormat : struct, IPackedFormat<TFormat>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(byte* quants, GroupScales* scales, int group, int lane, in Activations activations, long at, int count, float* sums)
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
        T d = T.Load(scales->ScaleAt(group, lane));
        short* x = activations.Words + 32 * at;
        float* xScales = activations.Scales + 4 * at;
        for (float* end = sums + Panel.Rows * count; sums < end; sums += Panel.Rows, x += 32, xScales += 4)
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

/// <summary>
/// Any quants of which a group has one scale: dot products of four bytes at a time. Signed quants become unsigned by adding
/// 128, which the sum that the products are added to takes off again.
/// </summary>
/// <remarks>
/// Instructions of the loop, as compiled for AVX-VNNI, per 256 products of signed quants: 10 broadcasts, 8 dot
/// products, a clearing, a sum, a conversion, a scaling, a multiply-add, a load, a store and 5 of loop: 30, or 0.117 each.
/// 11 of them need one of the two units that multiply: 46 products a cycle at most. A minimum is a broadcast and a
/// multiply-add more.
/// </remarks>
internal readonly unsafe struct DotProducts<T, TFormat> : IGroupProducts<T, TFormat>
    where T : unmanaged, ILanes<T>
    where TFormat : struct, IPackedFormat<TFormat>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(byte* quants, GroupScales* scales, int group, int lane, in Activations activations, long at, int count, float* sums)
    {
        T w0 = Unpack(quants, 0), w1 = Unpack(quants, 1), w2 = Unpack(quants, 2), w3 = Unpack(quants, 3);
        T w4 = Unpack(quants, 4), w5 = Unpack(quants, 5), w6 = Unpack(quants, 6), w7 = Unpack(quants, 7);
        T d = T.Load(scales->ScaleAt(group, lane));
        T m = TFormat.Signed ? d : T.Load(scales->MinimumAt(group, lane));
        sbyte* x = activations.Bytes + Activations.ByteStride * at;
        float* xScales = activations.Scales + 4 * at;
        for (float* end = sums + Panel.Rows * count; sums < end; sums += Panel.Rows, x += Activations.ByteStride, xScales += 4)
        {
            T start = TFormat.Signed ? T.Broadcast(x + 32) : T.Splat(0);
            T dot = T.Add32(Four(start, w0, w1, w2, w3, x), Four(T.Splat(0), w4, w5, w6, w7, x + 16));
            T y = T.MultiplyAdd(T.ToSingle(dot), T.Multiply(d, T.Broadcast(xScales)), T.Load(sums));
            T.Store(TFormat.Signed ? y : T.MultiplyAdd(m, T.Broadcast(xScales + 1), y), sums);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Unpack(byte* quants, int chunk)
    {
        T w = TFormat.Unpack<T>(quants, chunk);
        return TFormat.Signed ? T.Xor(w, T.Splat(unchecked((int)0x80808080))) : w;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Four(T sum, T w0, T w1, T w2, T w3, sbyte* x) => T.Dot(
        T.Dot(T.Dot(T.Dot(sum, w0, T.Broadcast(x)), w1, T.Broadcast(x + 4)), w2, T.Broadcast(x + 8)), w3, T.Broadcast(x + 12));
}
