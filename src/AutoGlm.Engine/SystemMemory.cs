using System.Globalization;

namespace AutoGlm.Engine;

/// <summary>This machine's memory.</summary>
internal static class SystemMemory
{
    /// <summary>Bytes that can be had without taking them from anyone: what Linux says, within what this process may have at all.</summary>
    /// <param name="mapped">Bytes of files that are mapped and will be needed: the system counts them as what it could take back.</param>
    public static long Free(long mapped = 0)
    {
        GCMemoryInfo info = GC.GetGCMemoryInfo();
        long allowed = Math.Max(0, info.TotalAvailableMemoryBytes - Environment.WorkingSet);
        long? available = OperatingSystem.IsLinux() && MemAvailable("/proc/meminfo") is { } bytes ? Math.Max(0, bytes - mapped) : null;
        return Math.Min(allowed, available ?? Math.Max(0, info.TotalAvailableMemoryBytes - info.MemoryLoadBytes));
    }

    /// <summary>The line "MemAvailable: 123 kB"; null where there is none.</summary>
    internal static long? MemAvailable(string path)
    {
        const string Name = "MemAvailable:";
        try
        {
            string? line = File.ReadLines(path).FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal));
            string number = line?[Name.Length..].Replace("kB", "").Trim() ?? "";
            return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long kilobytes) ? kilobytes * 1024 : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
