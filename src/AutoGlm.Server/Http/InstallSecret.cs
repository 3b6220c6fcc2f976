using System.Security.Cryptography;

namespace AutoGlm.Server.Http;

/// <summary>
/// 32 random bytes, made once for an installation and kept in a file that its owner alone can read: with them tenants' salts stay
/// the same from run to run, and no one else can compute them.
/// </summary>
internal static class InstallSecret
{
    private const int Length = 32;

    /// <param name="folder">Where the file is; null for the user's own application data.</param>
    /// <param name="log">Told where the secret cannot be kept: it is another one at the next start then.</param>
    public static byte[] Load(string? folder, ILogger log)
    {
        folder ??= Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "autoglm");
        string path = Path.Combine(folder, "tenant-secret");
        try
        {
            if (File.Exists(path)) return Read(path);
            Directory.CreateDirectory(folder);
            return Create(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            ServerLog.SecretNotKept(log, path, error.Message);
            return RandomNumberGenerator.GetBytes(Length);
        }
    }

    private static byte[] Read(string path)
    {
        byte[] secret = File.ReadAllBytes(path);
        return secret.Length == Length ? secret : throw new InvalidDataException($"it has {secret.Length} bytes instead of {Length}; delete it to have it made anew");
    }

    /// <summary>Written beside and moved into place: another server starting at the same time finds a whole file or none.</summary>
    private static byte[] Create(string path)
    {
        string draft = $"{path}.{Environment.ProcessId}.{RandomNumberGenerator.GetHexString(8)}";
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (FileStream file = new(draft, options)) file.Write(RandomNumberGenerator.GetBytes(Length));
        try
        {
            File.Move(draft, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(draft);
        }

        return Read(path);
    }
}
