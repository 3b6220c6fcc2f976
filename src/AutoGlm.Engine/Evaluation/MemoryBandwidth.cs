using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Engine.Evaluation;

/// <summary>How fast this machine's memory can be read: several threads sum a buffer larger than its caches.</summary>
public static class MemoryBandwidth
{
    private const int Passes = 8;
    private const long Largest = 512L << 20;

    /// <summary>Bytes a second of the best of several passes. Takes about half a second.</summary>
    /// <param name="threads">Threads that read, at least 1.</param>
    /// <param name="cancellation">Ends it early.</param>
    public static unsafe double Measure(int threads, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        long bytes = Math.Min(Largest, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8);
        long part = bytes / threads / 4096 * 4096;
        byte* buffer = HugePages.Allocate((nuint)(part * threads));
        try
        {
            // Writing first gives each part real pages, near the thread that will read it.
            OnThreads(threads, i => new Span<ulong>(buffer + i * part, (int)(part / sizeof(ulong))).Fill((ulong)i + 1));
            double best = 0;
            for (int pass = 0; pass < Passes; pass++)
            {
                cancellation.ThrowIfCancellationRequested();
                best = Math.Max(best, part * threads / Pass(buffer, part, threads).TotalSeconds);
            }

            return best;
        }
        finally
        {
            NativeMemory.AlignedFree(buffer);
        }
    }

    private static unsafe TimeSpan Pass(byte* buffer, long part, int threads)
    {
        long[] started = new long[threads], ended = new long[threads];
        ulong[] sums = new ulong[threads];
        using Barrier barrier = new(threads);
        OnThreads(threads, i =>
        {
            barrier.SignalAndWait();
            started[i] = Stopwatch.GetTimestamp();
            sums[i] = Sum(buffer + i * part, part);
            ended[i] = Stopwatch.GetTimestamp();
        });
        for (int i = 0; i < threads; i++)
        {
            if (sums[i] != (ulong)(part / sizeof(ulong)) * ((ulong)i + 1)) throw new InvalidOperationException("Memory gave back other values than were written.");
        }

        return Stopwatch.GetElapsedTime(started.Min(), ended.Max());
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe ulong Sum(byte* from, long bytes)
    {
        // Four accumulators and nothing else in the loop: the more reads a core has in sight, the faster it reads.
        Vector512<ulong> a = default, b = default, c = default, d = default;
        for (byte* end = from + bytes; from < end; from += 256)
        {
            a += Vector512.Load((ulong*)from);
            b += Vector512.Load((ulong*)(from + 64));
            c += Vector512.Load((ulong*)(from + 128));
            d += Vector512.Load((ulong*)(from + 192));
        }

        return Vector512.Sum(a + b + (c + d));
    }

    private static void OnThreads(int count, Action<int> work)
    {
        Thread[] threads = [.. Enumerable.Range(0, count).Select(i => new Thread(() => work(i)) { IsBackground = true })];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
    }
}
