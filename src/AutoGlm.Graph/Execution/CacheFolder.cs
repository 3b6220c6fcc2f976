namespace AutoGlm.Graph.Execution;

/// <summary>Where what was made from files is kept from one run to the next.</summary>
public static class CacheFolder
{
    /// <summary><c>autoglm</c> under <c>AUTOGLM_CACHE</c>, else under the user's cache folder; null where there is none.</summary>
    public static string? Root
    {
        get
        {
            string? root = Environment.GetEnvironmentVariable("AUTOGLM_CACHE") ?? Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            if (string.IsNullOrEmpty(root))
            {
                root = Environment.GetFolderPath(OperatingSystem.IsWindows() ? Environment.SpecialFolder.LocalApplicationData : Environment.SpecialFolder.UserProfile);
                if (root.Length == 0) return null;
                if (!OperatingSystem.IsWindows()) root = Path.Combine(root, ".cache");
            }

            return Path.Combine(root, "autoglm");
        }
    }

    /// <summary>The folder for one kind of thing; null where there is none.</summary>
    public static string? For(string kind) => Root is { } root ? Path.Combine(root, kind) : null;
}
