using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace AutoGlm.Cpu.Threading;

/// <summary>
/// A counter that threads wait on: they spin a while, then sleep until it moves. Nothing is allocated once a thread has slept.
/// </summary>
/// <remarks>
/// How long they spin follows from how long they lately had to wait: waits that end within <paramref name="longestSpin"/> make it
/// longer, others shorter. So a team whose threads come together spins and never sleeps, and one that shares its cores with
/// other work leaves them to those who are waited for. To yield then helps only others. It does help a team with more threads
/// than cores: who is next is one of its own, and nobody has to be woken.
/// </remarks>
/// <param name="longestSpin">The longest time that spinning is worth: about what it takes to wake a sleeper, and back; 0 to yield instead.</param>
internal sealed unsafe class Gate(TimeSpan longestSpin)
{
    private const int CacheLine = 128, PausesAtOnce = 16, Yields = 32;

    private readonly long _longest = (long)(longestSpin.TotalSeconds * Stopwatch.Frequency);

    /// <summary>The counter, and those who sleep or are about to, in cache lines of their own. They do not move: a futex has an address.</summary>
    private readonly int[] _memory = GC.AllocateArray<int>(4 * CacheLine / sizeof(int), pinned: true);

    /// <summary>Ticks that waiters spin now. Races lose an adjustment, no more.</summary>
    private long _spin = (long)(longestSpin.TotalSeconds * Stopwatch.Frequency);

    public int Value => Volatile.Read(ref *Counter);

    /// <summary>Threads that sleep here, or are about to.</summary>
    public int Sleeping => Volatile.Read(ref *Sleepers);

    private int* Counter => (int*)Unsafe.AsPointer(ref _memory[CacheLine / sizeof(int)]);

    private int* Sleepers => (int*)Unsafe.AsPointer(ref _memory[2 * CacheLine / sizeof(int)]);

    /// <summary>Moves the counter and lets all waiters go.</summary>
    public void Advance()
    {
        Interlocked.Increment(ref *Counter);
        if (Volatile.Read(ref *Sleepers) == 0) return;
        if (Futex.IsSupported) Futex.WakeAll(Counter);
        else lock (_memory) Monitor.PulseAll(_memory);
    }

    /// <summary>Returns once the counter is no longer <paramref name="old"/>: ticks that it took, 0 where it was less than a few pauses.</summary>
    public long Wait(int old)
    {
        if (Value != old) return 0;
        long start = Stopwatch.GetTimestamp(), spin = _spin, waited = 0;
        while (waited < spin)
        {
            for (int i = 0; i < PausesAtOnce; i++)
            {
                if (Value != old)
                {
                    if (spin < _longest) _spin = Math.Min(_longest, spin + spin / 8 + 1);
                    return waited;
                }

                if (X86Base.IsSupported) X86Base.Pause();
                else Thread.SpinWait(1);
            }

            waited = Stopwatch.GetTimestamp() - start;
        }

        for (int i = 0; _longest == 0 && i < Yields; i++)
        {
            Thread.Yield();
            if (Value != old) return Stopwatch.GetTimestamp() - start;
        }

        Sleep(old);
        waited = Stopwatch.GetTimestamp() - start;
        _spin = waited < _longest ? Math.Min(_longest, 2 * spin + 1) : spin / 2;
        return waited;
    }

    /// <summary>The sleeper counts itself, then looks at the value; who moves the value then looks at the count: one sees the other.</summary>
    private void Sleep(int old)
    {
        Interlocked.Increment(ref *Sleepers);
        if (Futex.IsSupported)
        {
            while (Value == old) Futex.Wait(Counter, old);
        }
        else
        {
            lock (_memory)
            {
                while (Value == old) Monitor.Wait(_memory);
            }
        }

        Interlocked.Decrement(ref *Sleepers);
    }
}
