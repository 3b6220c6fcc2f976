using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace AutoGlm.Cpu.Threading;

/// <summary>
/// A counter that threads wait on: they spin, then yield, then sleep until it moves. Nothing is allocated once a thread
/// has slept.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal sealed class Gate
{
    private const int Yields = 32;

    private readonly PaddedInt _value = new();
    private readonly PaddedInt _sleepers = new();

    public int Value => Volatile.Read(ref _value.Value);

    /// <summary>Moves the counter and lets all waiters go.</summary>
    public void Advance()
    {
        Interlocked.Increment(ref _value.Value);
        if (Volatile.Read(ref _sleepers.Value) == 0) return;
        lock (_sleepers) Monitor.PulseAll(_sleepers);
    }

    /// <summary>Returns once the counter is no longer <paramref name="old"/>.</summary>
    /// <param name="old">The value to wait on.</param>
    /// <param name="spins">Processor pauses (tens of nanoseconds each) before the thread gives its core away.</param>
    public void Wait(int old, int spins)
    {
        for (; spins > 0; spins--)
        {
            if (Value != old) return;
            if (X86Base.IsSupported) X86Base.Pause();
            else Thread.SpinWait(1);
        }

        for (int i = 0; i < Yields; i++)
        {
            if (Value != old) return;
            Thread.Yield();
        }

        // The sleeper counts itself, then looks at the value; who moves the value then looks at the count: one sees the other.
        lock (_sleepers)
        {
            Interlocked.Increment(ref _sleepers.Value);
            while (Value == old) Monitor.Wait(_sleepers);
            Interlocked.Decrement(ref _sleepers.Value);
        }
    }

    /// <summary>A number with cache lines to itself.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private sealed class PaddedInt
    {
        [FieldOffset(128)]
        public int Value;
    }
}
