using System.IO.Compression;
using System.Text;

namespace AutoGlm.Cuda.Modules;

/// <summary>
/// The PTX that ships in this assembly. <c>Kernels/build.sh</c> makes it from each <c>Kernels/NAME.cu</c>: <c>NAME.80.ptx.gz</c>
/// for compute capability 8.0 and later, <c>NAME.90a.ptx.gz</c> for Hopper alone, and <c>NAME.sources</c>, the hash of its sources.
/// Who works on kernels sets <c>AUTOGLM_PTX</c> to a folder that build.sh has filled, whose modules then replace these, or
/// <c>AUTOGLM_CUDA_SOURCES</c> to a folder of sources, of which NVRTC compiles those that differ from what ships.
/// </summary>
internal static class KernelBundle
{
    private const string Suffix = ".ptx.gz", SourcesSuffix = ".sources";

    private static readonly string? Folder = Environment.GetEnvironmentVariable("AUTOGLM_PTX");
    private static readonly KernelSources? Sources = Environment.GetEnvironmentVariable("AUTOGLM_CUDA_SOURCES") is { Length: > 0 } folder ? new KernelSources(folder) : null;
    private static readonly Lazy<HashSet<string>> Changed = new(() => Sources is null ? [] : [.. ChangedIn(Sources)]);
    private static readonly Lazy<IReadOnlyDictionary<string, string[]>> All = new(List);

    /// <summary>Modules and the targets each has, the most special first.</summary>
    public static IReadOnlyDictionary<string, string[]> Modules => All.Value;

    /// <summary>The targets whose code runs on a compute capability.</summary>
    public static bool Runs(string target, Version capability) => target switch
    {
        "90a" => capability is { Major: 9, Minor: 0 },
        _ => int.TryParse(target, out int number) && capability >= new Version(number / 10, number % 10),
    };

    /// <summary>A module's PTX.</summary>
    public static string Read(string module, string target)
    {
        if (Changed.Value.Contains(module)) return SourceCompiler.Compile(Sources!.PathOf(module), target);
        string name = $"{module}.{target}{Suffix}";
        string? path = Folder is null ? null : Path.Combine(Folder, name);
        using Stream stream = File.Exists(path) ? File.OpenRead(path)
            : Shipped(name)
            ?? throw new KeyNotFoundException($"There is no PTX of {module} for {target}.");
        using GZipStream unpacked = new(stream, CompressionMode.Decompress);
        using StreamReader reader = new(unpacked, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>Modules of a folder that are not those whose PTX ships.</summary>
    public static IEnumerable<string> ChangedIn(KernelSources sources) => sources.Modules.Where(module => sources.Hash(module) != ShippedHash(module));

    private static string? ShippedHash(string module)
    {
        using Stream? stream = Shipped(module + SourcesSuffix);
        if (stream is null) return null;
        using StreamReader reader = new(stream, Encoding.UTF8);
        return reader.ReadToEnd().Trim();
    }

    private static Stream? Shipped(string name) => typeof(KernelBundle).Assembly.GetManifestResourceStream(name);

    private static Dictionary<string, string[]> List() => FileNames()
        .Where(name => name.EndsWith(Suffix, StringComparison.Ordinal))
        .Select(name => name[..^Suffix.Length].Split('.'))
        .Select(parts => (Module: parts[0], Target: parts[1]))
        .Where(part => !Changed.Value.Contains(part.Module))
        .Concat(Changed.Value.SelectMany(module => Sources!.TargetsOf(module).Select(target => (Module: module, Target: target))))
        .Distinct()
        .GroupBy(part => part.Module, part => part.Target, StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.OrderDescending(StringComparer.Ordinal).ToArray(), StringComparer.Ordinal);

    private static IEnumerable<string> FileNames()
    {
        IEnumerable<string> shipped = typeof(KernelBundle).Assembly.GetManifestResourceNames();
        return Folder is null ? shipped : shipped.Concat(Directory.GetFiles(Folder).Select(path => Path.GetFileName(path)));
    }
}
