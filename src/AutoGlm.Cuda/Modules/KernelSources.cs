using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace AutoGlm.Cuda.Modules;

/// <summary>A folder of kernels in CUDA C++.</summary>
internal sealed partial class KernelSources(string folder)
{
    private static readonly string[] UsualTargets = ["80", "90a"];

    /// <summary>Names of its modules: its .cu files.</summary>
    /// <exception cref="DirectoryNotFoundException">It is not there.</exception>
    public IEnumerable<string> Modules => Directory.GetFiles(folder, "*.cu").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal);

    /// <summary>Where a module's text is.</summary>
    public string PathOf(string module) => Path.Combine(folder, module + ".cu");

    /// <summary>What a module is compiled for: what its line "// targets: …" names, or 80 and 90a.</summary>
    public string[] TargetsOf(string module)
    {
        Match line = Targets().Match(File.ReadAllText(PathOf(module)));
        return line.Success ? line.Groups[1].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries) : UsualTargets;
    }

    /// <summary>Hash of a module's file and all it includes, each once, in the order a reader meets them, as build.sh records it.</summary>
    public string Hash(string module)
    {
        List<string> seen = [];
        Add(module + ".cu");
        return Convert.ToHexStringLower(SHA256.HashData([.. seen.SelectMany(file => File.ReadAllBytes(Path.Combine(folder, file)))]));

        void Add(string file)
        {
            if (seen.Contains(file)) return;
            seen.Add(file);
            foreach (Match include in Include().Matches(File.ReadAllText(Path.Combine(folder, file)))) Add(include.Groups[1].Value);
        }
    }

    [GeneratedRegex("^ *# *include *\"([^\"]*)\"", RegexOptions.Multiline)]
    private static partial Regex Include();

    [GeneratedRegex("^// targets: *([^\\n]*)", RegexOptions.Multiline)]
    private static partial Regex Targets();
}
