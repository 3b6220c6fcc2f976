namespace AutoGlm.Cpu.Threading;

/// <summary>Counts cores rather than hardware threads.</summary>
internal static class PhysicalCores
{
    /// <summary>Distinct cores among the processors, no more than the process may use.</summary>
    public static int Count()
    {
        int cores = 0;
        try
        {
            if (OperatingSystem.IsLinux()) cores = CountIn("/sys/devices/system/cpu");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            cores = 0;
        }

        return cores == 0 ? Environment.ProcessorCount : Math.Min(cores, Environment.ProcessorCount);
    }

    /// <summary>Cores listed in a folder laid out as Linux's; 0 where it lists none.</summary>
    public static int CountIn(string folder)
    {
        HashSet<string> siblings = [];
        foreach (string cpu in Directory.EnumerateDirectories(folder, "cpu*"))
        {
            string list = Path.Combine(cpu, "topology", "thread_siblings_list");
            if (File.Exists(list)) siblings.Add(File.ReadAllText(list).Trim());
        }

        return siblings.Count;
    }
}
