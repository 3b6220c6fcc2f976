using System.Runtime.InteropServices;

namespace AutoGlm.Cpu.Threading;

/// <summary>Linux's sleep on a number in memory (futex(2)): one system call to wake all, and nothing to take a lock of after.</summary>
internal static unsafe partial class Futex
{
    private const int WaitPrivate = 128, WakePrivate = 129;

    private static readonly nint Number = !OperatingSystem.IsLinux() ? 0 : RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 202,
        Architecture.Arm64 => 98,
        _ => 0,
    };

    /// <summary>False on other systems.</summary>
    public static bool IsSupported => Number != 0;

    /// <summary>Sleeps if the number is still what it was; may return early.</summary>
    public static void Wait(int* address, int old) => Call(Number, address, WaitPrivate, old, null, null, 0);

    public static void WakeAll(int* address) => Call(Number, address, WakePrivate, int.MaxValue, null, null, 0);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint Call(nint number, int* address, nint operation, nint value, void* timeout, void* other, nint last);
}
