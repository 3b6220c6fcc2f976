using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AutoGlm.Formats.Tensors;

/// <summary>
/// What the system notes of a file: which one it is, and when it was last changed. Every write and every replacement changes it:
/// programs can set the time of modification, but not that of change.
/// </summary>
/// <param name="Device">The file system's device.</param>
/// <param name="Inode">The file's number there.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Modified">When its content was last written, as programs have it; nanoseconds since 1970.</param>
/// <param name="Changed">When anything about it was last changed, as the system has it; nanoseconds since 1970.</param>
public readonly partial record struct FileStamp(ulong Device, ulong Inode, ulong Length, long Modified, long Changed)
{
    /// <summary>Clocks of file systems tick slowly, some every two seconds: a change within a tick of the last one leaves no trace.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);

    private const int EmptyPath = 0x1000;
    private const uint BasicFields = 0x7ff;

    /// <summary>The stamp of an open file; null where the system (any but Linux) does not say as much.</summary>
    public static unsafe FileStamp? Of(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux()) return null;
        try
        {
            Statx result;
            if (StatX(file, "", EmptyPath, BasicFields, &result) != 0 || (result.Mask & BasicFields) != BasicFields) return null;
            return new FileStamp((ulong)result.DeviceMajor << 32 | result.DeviceMinor, result.Inode, result.Size, result.Modified.Nanoseconds, result.Changed.Nanoseconds);
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }
    }

    /// <summary>True where the last change is so long ago that any later one has another time.</summary>
    public bool IsSettled(DateTimeOffset now) => Changed < (now - Settling - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatX(SafeFileHandle folder, string path, int flags, uint mask, Statx* result);

    /// <summary>struct statx of linux/stat.h: the same on all processors.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(0)]
        public uint Mask;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(96)]
        public Time Changed;

        [FieldOffset(112)]
        public Time Modified;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }

    [StructLayout(LayoutKind.Sequential, Size = 16)]
    private struct Time
    {
        public long Seconds;
        public uint Fraction;

        public readonly long Nanoseconds => unchecked(Seconds * 1_000_000_000 + Fraction);
    }
}
