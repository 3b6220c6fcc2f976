using Xunit;

namespace AutoGlm.Testing;

/// <summary>Finds test data: small fixtures in the repository, and the optional <c>shared</c> folder beside it.</summary>
public static class TestData
{
    /// <summary>The repository's root: the folder that holds <c>AutoGlm.slnx</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Path of something in the repository.</summary>
    public static string InRepository(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>Path of something in the shared folder; skips the running test, saying why, where it is absent.</summary>
    public static string Shared(params string[] parts)
    {
        string path = Path.Combine([SharedRoot, .. parts]);
        Assert.SkipUnless(File.Exists(path) || Directory.Exists(path), $"needs shared/{string.Join('/', parts)}, which is not here");
        return path;
    }

    /// <summary>True where the shared folder holds the path.</summary>
    public static bool HasShared(params string[] parts)
    {
        string path = Path.Combine([SharedRoot, .. parts]);
        return File.Exists(path) || Directory.Exists(path);
    }

    private static string SharedRoot =>
        Environment.GetEnvironmentVariable("AUTOGLM_SHARED") ?? Path.Combine(Root, "..", "shared");

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "AutoGlm.slnx"))) return folder.FullName;
        }

        throw new InvalidOperationException("AutoGlm.slnx not found above " + AppContext.BaseDirectory);
    }
}
