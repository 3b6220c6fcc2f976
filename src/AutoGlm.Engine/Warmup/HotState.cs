using AutoGlm.KvCache.Warmup;

namespace AutoGlm.Engine.Warmup;

/// <summary>The hot prefixes of one model, in the engine's state folder.</summary>
internal sealed class HotState(ModelRuntime runtime)
{
    private const int Most = 64;

    /// <summary>A file for each model and block layout; null where nothing is kept.</summary>
    public string? Path { get; } = runtime.Options.StateFolder is { } folder ? System.IO.Path.Combine(folder, $"hot-{runtime.RootKey.ToString()[..16]}.prefixes") : null;

    /// <summary>What earlier runs kept, the hottest first; nothing, and why, where it cannot be read.</summary>
    public List<HotPrefix> Load(List<string> problems)
    {
        if (Path is null) return [];
        try
        {
            return HotPrefixFile.Load(Path, runtime.RootKey, runtime.Vocabulary, runtime.Pool.BlockTokens);
        }
        catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            problems.Add(error.Message);
            return [];
        }
    }

    /// <summary>What is hot now; on the step loop's thread.</summary>
    public List<HotPrefix> Find() => HotPrefixes.Find(runtime.Pool, Most);

    public void Save(List<HotPrefix> now, IReadOnlyList<HotPrefix> before)
    {
        if (Path is not null) HotPrefixFile.Save(Path, runtime.RootKey, HotPrefixes.Merge(now, before, Most));
    }
}
