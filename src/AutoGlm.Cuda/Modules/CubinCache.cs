using System.Security.Cryptography;
using System.Text;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cuda.Modules;

/// <summary>
/// Machine code that the driver made from PTX, kept on disk: a file for each kernel, named by the hash of its PTX, the driver's
/// version and the card's architecture. A file that is not whole is made anew. Without a folder to write to, nothing is kept.
/// </summary>
internal sealed class CubinCache(string? folder, string driver, string architecture)
{
    private const int HashBytes = 32;

    /// <summary>Where it is by default: <c>AUTOGLM_CACHE</c>, or the user's cache folder.</summary>
    public static string? DefaultFolder => CacheFolder.For("cuda");

    /// <summary>The machine code of a PTX text, made by <paramref name="compile"/> where there is none.</summary>
    public byte[] Get(string ptx, Func<byte[], byte[]> compile)
    {
        byte[] text = Encoding.UTF8.GetBytes(ptx);
        if (folder is null) return compile(text);
        string path = Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData([.. Encoding.UTF8.GetBytes($"1\n{driver}\n{architecture}\n"), .. text])) + ".cubin");
        if (Read(path) is { } kept) return kept;
        byte[] made = compile(text);
        Write(path, made);
        return made;
    }

    /// <summary>The code behind its hash; null where the file is missing or not what was written.</summary>
    private static byte[]? Read(string path)
    {
        try
        {
            if (!File.Exists(path)) return null;
            byte[] bytes = File.ReadAllBytes(path);
            return bytes.Length > HashBytes && SHA256.HashData(bytes.AsSpan(HashBytes)).AsSpan().SequenceEqual(bytes.AsSpan(0, HashBytes)) ? bytes[HashBytes..] : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Writes beside, then renames, so that others see the whole file or none.</summary>
    private void Write(string path, byte[] code)
    {
        try
        {
            Directory.CreateDirectory(folder!);
            string beside = $"{path}.{Environment.ProcessId}.{Guid.NewGuid():N}";
            File.WriteAllBytes(beside, [.. SHA256.HashData(code), .. code]);
            File.Move(beside, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A cache that cannot be written only costs time.
        }
    }
}
