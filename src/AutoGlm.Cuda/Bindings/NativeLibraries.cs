using System.Reflection;
using System.Runtime.InteropServices;

namespace AutoGlm.Cuda.Bindings;

/// <summary>
/// Finds NVIDIA's libraries: where the system's loader looks, then where toolkits, pip and conda packages and distributions put
/// them. The driver alone is needed; the others serve where they are found.
/// </summary>
internal static class NativeLibraries
{
    /// <summary>Names that <see cref="LibraryImportAttribute"/>s use.</summary>
    public const string Driver = "cuda", CublasLt = "cublasLt", Nvrtc = "nvrtc";

    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, (nint Handle, IReadOnlyList<string> Tried)> Found = [];

    static NativeLibraries() => NativeLibrary.SetDllImportResolver(typeof(NativeLibraries).Assembly, (name, _, _) => Find(name).Handle);

    /// <summary>True where the library is there.</summary>
    /// <param name="name">One of the names above.</param>
    /// <param name="tried">Where it was looked for.</param>
    public static bool TryLoad(string name, out IReadOnlyList<string> tried)
    {
        (nint handle, tried) = Find(name);
        return handle != 0;
    }

    /// <summary>Throws where a library is not there.</summary>
    /// <param name="name">One of the names above.</param>
    /// <param name="title">What people call it.</param>
    /// <param name="remedy">Where it comes from.</param>
    /// <exception cref="NotSupportedException">It is not there; says where it was looked for.</exception>
    public static void Require(string name, string title, string remedy)
    {
        if (!TryLoad(name, out IReadOnlyList<string> tried)) throw new NotSupportedException($"{title} was not found ({Places(tried)}); {remedy}.");
    }

    /// <summary>Where it was looked for, in an error's words.</summary>
    public static string Places(IReadOnlyList<string> tried) => $"tried {string.Join(", ", tried.Take(4))} and {Math.Max(0, tried.Count - 4)} more places";

    private static (nint Handle, IReadOnlyList<string> Tried) Find(string name)
    {
        lock (Gate)
        {
            if (Found.TryGetValue(name, out var known)) return known;
            return Found[name] = Search(FileNames(name));
        }
    }

    private static (nint, IReadOnlyList<string>) Search(string[] files)
    {
        List<string> tried = [];
        if (files.Length == 0) return (0, tried);
        foreach (string path in files.Concat(Folders().SelectMany(folder => files.Select(file => Path.Combine(folder, file)))))
        {
            if (Path.IsPathRooted(path) && !File.Exists(path))
            {
                tried.Add(path);
                continue;
            }

            if (NativeLibrary.TryLoad(path, out nint handle)) return (handle, tried);
            tried.Add(path);
        }

        return (0, tried);
    }

    private static string[] FileNames(string name) => (name, OperatingSystem.IsWindows()) switch
    {
        (Driver, false) => ["libcuda.so.1", "libcuda.so"],
        (Driver, true) => ["nvcuda.dll"],
        (CublasLt, false) => ["libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so"],
        (CublasLt, true) => ["cublasLt64_13.dll", "cublasLt64_12.dll"],
        (Nvrtc, false) => ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"],
        (Nvrtc, true) => ["nvrtc64_130_0.dll", "nvrtc64_120_0.dll"],
        _ => [],
    };

    /// <summary>Folders beside those of the system's loader, each once, the likeliest first.</summary>
    private static IEnumerable<string> Folders()
    {
        IEnumerable<string> toolkits = new[] { "CUDA_PATH", "CUDA_HOME", "CUDA_ROOT" }
            .Select(Environment.GetEnvironmentVariable)
            .OfType<string>()
            .Concat(["/usr/local/cuda", "/opt/cuda"])
            .SelectMany(root => new[] { "lib64", "lib", "targets/x86_64-linux/lib", "targets/sbsa-linux/lib", "bin", "bin/x64" }.Select(part => Path.Combine(root, part)));
        IEnumerable<string> system = OperatingSystem.IsWindows()
            ? [Environment.SystemDirectory]
            : ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib/wsl/lib", "/usr/lib/nvidia", "/usr/lib/x86_64-linux-gnu/nvidia/current"];
        return toolkits.Concat(system).Concat(PythonFolders()).Distinct(StringComparer.Ordinal);
    }

    /// <summary>pip's nvidia-* packages and conda's libraries.</summary>
    private static IEnumerable<string> PythonFolders()
    {
        string? conda = Environment.GetEnvironmentVariable("CONDA_PREFIX");
        if (conda is not null) yield return Path.Combine(conda, "lib");
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string?[] roots = [Environment.GetEnvironmentVariable("VIRTUAL_ENV"), conda, Path.Combine(home, ".local"), "/usr/local", "/usr"];
        foreach (string packages in roots.OfType<string>().Select(root => Path.Combine(root, "lib")).SelectMany(lib => Subfolders(lib, "python3*")))
        {
            foreach (string site in new[] { "site-packages", "dist-packages" })
            {
                foreach (string package in Subfolders(Path.Combine(packages, site, "nvidia"), "*")) yield return Path.Combine(package, "lib");
            }
        }
    }

    private static string[] Subfolders(string folder, string pattern)
    {
        try
        {
            return Directory.Exists(folder) ? Directory.GetDirectories(folder, pattern) : [];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
