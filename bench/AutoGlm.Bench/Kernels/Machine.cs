using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AutoGlm.Cpu.Kernels;
using AutoGlm.Cpu.Threading;

namespace AutoGlm.Bench.Kernels;

/// <summary>What the machine can do at most, measured on the spot: a plain read, and 8-bit multiply-adds from registers.</summary>
internal static unsafe class Machine
{
    /// <summary>Bytes per second that the team reads from memory beyond every cache.</summary>
    public static double ReadBandwidth(ThreadTeam team, double seconds)
    {
        const long Bytes = 1L << 29;
        using PanelMemory memory = new(Bytes);
        new Span<byte>(memory.Address, (int)Bytes).Fill(1);
        Region region = new((thread, threads) =>
        {
            long share = Bytes / threads / 4096 * 4096;
            Read<Lanes512>(memory.Address + thread * share, share);
        });
        return Bytes / Timing.Best(seconds, () => team.Run(region));
    }

    /// <summary>Operations (two per multiply-accumulate) per second of byte products summed in 16 bits, from registers.</summary>
    public static double IntegerRate(ThreadTeam team, double seconds)
    {
        const int Steps = 1 << 20;
        Region region = new((_, _) => Products<Lanes512>(Steps));
        return 2.0 * 4 * 8 * 16 * Steps * team.Threads / Timing.Best(seconds, () => team.Run(region));
    }

    /// <summary>Operations per second of float multiply-adds from registers.</summary>
    public static double FloatRate(ThreadTeam team, double seconds)
    {
        const int Steps = 1 << 20;
        Region region = new((_, _) => FloatProducts<Lanes512>(Steps));
        return 2.0 * 8 * 16 * Steps * team.Threads / Timing.Best(seconds, () => team.Run(region));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Read<T>(byte* from, long bytes) where T : unmanaged, ILanes<T>
    {
        T a = T.Splat(0), b = a, c = a, d = a;
        int step = 4 * T.Count;
        for (byte* end = from + bytes; from < end; from += 4 * step)
        {
            a = T.Or(a, T.Load(from));
            b = T.Or(b, T.Load(from + step));
            c = T.Or(c, T.Load(from + 2 * step));
            d = T.Or(d, T.Load(from + 3 * step));
        }

        Keep(T.Or(T.Or(a, b), T.Or(c, d)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Products<T>(int steps) where T : unmanaged, ILanes<T>
    {
        T w0 = T.Splat(steps), w1 = T.Splat(steps + 1), w2 = T.Splat(steps + 2), w3 = T.Splat(steps + 3), x = T.Splat(steps + 7);
        T a = w0, b = w0, c = w0, d = w0, e = w0, f = w0, g = w0, h = w0;
        for (; steps > 0; steps--)
        {
            a = T.Add16(a, T.MultiplyAdd8(w0, x));
            b = T.Add16(b, T.MultiplyAdd8(w1, x));
            c = T.Add16(c, T.MultiplyAdd8(w2, x));
            d = T.Add16(d, T.MultiplyAdd8(w3, x));
            e = T.Add16(e, T.MultiplyAdd8(w0, a));
            f = T.Add16(f, T.MultiplyAdd8(w1, b));
            g = T.Add16(g, T.MultiplyAdd8(w2, c));
            h = T.Add16(h, T.MultiplyAdd8(w3, d));
            x = T.Add32(x, w0);
        }

        Keep(T.Or(T.Or(T.Or(a, b), T.Or(c, d)), T.Or(T.Or(e, f), T.Or(g, h))));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FloatProducts<T>(int steps) where T : unmanaged, ILanes<T>
    {
        T w = T.Splat(0.5f), x = T.Splat(0.25f);
        T a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x;
        for (; steps > 0; steps--)
        {
            a = T.MultiplyAdd(a, w, x);
            b = T.MultiplyAdd(b, w, x);
            c = T.MultiplyAdd(c, w, x);
            d = T.MultiplyAdd(d, w, x);
            e = T.MultiplyAdd(e, w, x);
            f = T.MultiplyAdd(f, w, x);
            g = T.MultiplyAdd(g, w, x);
            h = T.MultiplyAdd(h, w, x);
        }

        Keep(T.Or(T.Or(T.Or(a, b), T.Or(c, d)), T.Or(T.Or(e, f), T.Or(g, h))));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Keep<T>(T value) where T : unmanaged, ILanes<T>
    {
        byte* sink = stackalloc byte[64];
        T.Store(value, sink);
    }
}
