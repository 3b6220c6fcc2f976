using System.Runtime.CompilerServices;

namespace AutoGlm.Cpu.Kernels;

/// <summary>Transcendental functions of float lanes.</summary>
internal static class LaneMath
{
    /// <summary>e^x within 2 ulp; 0 below -87.3, and the largest finite power near 88.7 above it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp<T>(T x) where T : unmanaged, ILanes<T>
    {
        // x = n ln 2 + r with |r| <= ln 2 / 2; ln 2 is split so that n times its upper part is exact.
        T tooSmall = T.Less(x, T.Splat(-87.33654f));
        x = T.Min(T.Max(x, T.Splat(-87.33654f)), T.Splat(88.3762626f));
        T n = T.Round(T.Multiply(x, T.Splat(1.44269504f)));
        T r = T.MultiplyAdd(n, T.Splat(-0.693359375f), x);
        r = T.MultiplyAdd(n, T.Splat(2.12194440e-4f), r);
        T p = T.MultiplyAdd(T.Splat(1.9875691500e-4f), r, T.Splat(1.3981999507e-3f));
        p = T.MultiplyAdd(p, r, T.Splat(8.3334519073e-3f));
        p = T.MultiplyAdd(p, r, T.Splat(4.1665795894e-2f));
        p = T.MultiplyAdd(p, r, T.Splat(1.6666665459e-1f));
        p = T.MultiplyAdd(p, r, T.Splat(5.0000001201e-1f));
        p = T.Add(T.MultiplyAdd(T.Multiply(r, r), p, r), T.Splat(1f));
        T power = T.ShiftLeft32(T.Add32(T.ToInt32(n), T.Splat(127)), 23);
        return T.Select(tooSmall, T.Splat(0f), T.Multiply(p, power));
    }

    /// <summary>1 / (1 + e^-x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sigmoid<T>(T x) where T : unmanaged, ILanes<T> =>
        T.Divide(T.Splat(1f), T.Add(T.Splat(1f), Exp(T.Subtract(T.Splat(0f), x))));

    /// <summary>Hyperbolic tangent: a polynomial near zero, where the quotient of powers would cancel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Tanh<T>(T x) where T : unmanaged, ILanes<T>
    {
        T sign = T.And(x, T.Splat(int.MinValue));
        T a = T.And(x, T.Splat(int.MaxValue));
        T square = T.Multiply(x, x);
        T p = T.MultiplyAdd(T.Splat(-5.70498872745e-3f), square, T.Splat(2.06390887954e-2f));
        p = T.MultiplyAdd(p, square, T.Splat(-5.37397155531e-2f));
        p = T.MultiplyAdd(p, square, T.Splat(1.33314422036e-1f));
        p = T.MultiplyAdd(p, square, T.Splat(-3.33332819422e-1f));
        T small = T.MultiplyAdd(T.Multiply(p, square), x, x);
        T power = Exp(T.Add(a, a));
        T large = T.Subtract(T.Splat(1f), T.Divide(T.Splat(2f), T.Add(power, T.Splat(1f))));
        return T.Select(T.Less(a, T.Splat(0.625f)), small, T.Or(large, sign));
    }

    /// <summary>Error function within 5e-7 (Abramowitz and Stegun 7.1.26; its Taylor series near zero).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Erf<T>(T x) where T : unmanaged, ILanes<T>
    {
        T sign = T.And(x, T.Splat(int.MinValue));
        T a = T.And(x, T.Splat(int.MaxValue));
        T square = T.Multiply(x, x);
        T t = T.Divide(T.Splat(1f), T.MultiplyAdd(a, T.Splat(0.3275911f), T.Splat(1f)));
        T p = T.MultiplyAdd(T.Splat(1.061405429f), t, T.Splat(-1.453152027f));
        p = T.MultiplyAdd(p, t, T.Splat(1.421413741f));
        p = T.MultiplyAdd(p, t, T.Splat(-0.284496736f));
        p = T.Multiply(T.MultiplyAdd(p, t, T.Splat(0.254829592f)), t);
        T large = T.Subtract(T.Splat(1f), T.Multiply(p, Exp(T.Subtract(T.Splat(0f), square))));
        T s = T.MultiplyAdd(T.Splat(0.005223977625f), square, T.Splat(-0.02686617064f));
        s = T.MultiplyAdd(s, square, T.Splat(0.1128379167f));
        s = T.MultiplyAdd(s, square, T.Splat(-0.3761263890f));
        s = T.Multiply(T.MultiplyAdd(s, square, T.Splat(1.128379167f)), x);
        return T.Select(T.Less(a, T.Splat(0.4f)), s, T.Or(large, sign));
    }

    /// <summary>Half-precision numbers to float, exact but for infinities and NaN, which nobody may feed it.</summary>
    /// <remarks>No intermediate is a subnormal float, which would cost the processor an assist: scales of K-quants are often subnormal halves.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe T LoadHalf<T>(void* source) where T : unmanaged, ILanes<T>
    {
        const int Least = 113 << 23;
        T bits = T.LoadUInt16(source);
        T sign = T.ShiftLeft32(T.And(bits, T.Splat(0x8000)), 16);
        T normal = T.Add32(T.ShiftLeft32(T.And(bits, T.Splat(0x7FFF)), 13), T.Splat(112 << 23));
        T least = T.Splat(Least);
        T small = T.Subtract(T.Add32(normal, T.Splat(1 << 23)), least);
        return T.Or(T.Select(T.Less(normal, least), small, normal), sign);
    }

    /// <summary>Float to half precision, rounded to nearest even; beyond its range the largest finite half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void StoreHalf<T>(T value, void* destination) where T : unmanaged, ILanes<T>
    {
        T sign = T.ShiftRight32(T.And(value, T.Splat(int.MinValue)), 16);
        T a = T.Min(T.And(value, T.Splat(int.MaxValue)), T.Splat(65504f));
        // Subnormal halves: adding 0.5 leaves their rounded integer in the low bits of the sum.
        T small = T.Subtract32(T.Add(a, T.Splat(0.5f)), T.Splat(0.5f));
        T odd = T.And(T.ShiftRight32(a, 13), T.Splat(1));
        T normal = T.ShiftRight32(T.Add32(T.Add32(a, T.Splat(0xFFF - (112 << 23))), odd), 13);
        T isSmall = T.Less(a, T.Splat(6.103515625e-5f));
        T.StoreInt16(T.Or(T.Select(isSmall, small, normal), sign), destination);
    }
}
