namespace AutoGlm.Cpu.Loading;

/// <summary>Which start of the system this is: what was written before it may not have reached the disk whole.</summary>
internal static class SystemStart
{
    private const string Path = "/proc/sys/kernel/random/boot_id";

    /// <summary>Another number at each start of the system; null where the system (any but Linux) does not say.</summary>
    public static Hash128? Id { get; } = Read();

    private static Hash128? Read()
    {
        try
        {
            return File.Exists(Path) && Guid.TryParse(File.ReadAllText(Path), out Guid id) ? ShortHash.Of(id.ToByteArray()) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
