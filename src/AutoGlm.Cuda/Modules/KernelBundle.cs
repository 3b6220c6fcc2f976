using System.IO.Compression;
using System.Text;

namespace AutoGlm.Cuda.Modules;

/// <summary>
/// The PTX that ships in this assembly. <c>Kernels/build.sh</c> makes it from each <c>Kernels/NAME.cu</c>: <c>NAME.80.ptx.gz</c>
/// for compute capability 8.0 and later, <c>NAME.90a.ptx.gz</c> for Hopper alone, and <c>NAME.sources</c>, the hash of its sources.
/// Who works on kernels sets <c>AUTOGLM_PTX</c> to a folder that build.sh has filled, whose modules then replace these.
/// </summary>
internal static class KernelBundle
{
    private const string Suffix = ".ptx.gz";

    private static readonly string? Folder = Environment.GetEnvironmentVariable("AUTOGLM_PTX");

    /// <summary>Modules and the targets each has, the most special first.</summary>
    public static IReadOnlyDictionary<string, string[]> Modules { get; } = FileNames()
        .Where(name => name.EndsWith(Suffix, StringComparison.Ordinal))
        .Distinct()
        .Select(name => name[..^Suffix.Length].Split('.'))
        .GroupBy(parts => parts[0], parts => parts[1], StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.OrderDescending(StringComparer.Ordinal).ToArray(), StringComparer.Ordinal);

    /// <summary>The targets whose code runs on a compute capability.</summary>
    public static bool Runs(string target, Version capability) => target switch
    {
        "90a" => capability is { Major: 9, Minor: 0 },
        _ => int.TryParse(target, out int number) && capability >= new Version(number / 10, number % 10),
    };

    /// <summary>A module's PTX.</summary>
    public static string Read(string module, string target)
    {
        string name = $"{module}.{target}{Suffix}";
        string? path = Folder is null ? null : Path.Combine(Folder, name);
        using Stream stream = File.Exists(path) ? File.OpenRead(path)
            : typeof(KernelBundle).Assembly.GetManifestResourceStream(name)
            ?? throw new KeyNotFoundException($"There is no PTX of {module} for {target}.");
        using GZipStream unpacked = new(stream, CompressionMode.Decompress);
        using StreamReader reader = new(unpacked, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private static IEnumerable<string> FileNames()
    {
        IEnumerable<string> shipped = typeof(KernelBundle).Assembly.GetManifestResourceNames();
        return Folder is null ? shipped : shipped.Concat(Directory.GetFiles(Folder).Select(path => Path.GetFileName(path)));
    }
}
