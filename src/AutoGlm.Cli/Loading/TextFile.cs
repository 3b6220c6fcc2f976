using System.Text;

namespace AutoGlm.Cli.Loading;

/// <summary>Reads files of text.</summary>
internal static class TextFile
{
    private const long MaxBytes = 1L << 30;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The file's text as it is, byte order mark included.</summary>
    /// <exception cref="CommandFailure">It cannot be read, is too large, or is not UTF-8.</exception>
    public static string Read(string path)
    {
        try
        {
            if (Directory.Exists(path)) throw new CommandFailure($"{path}: path: is a folder, not a file");
            FileInfo file = new(path);
            if (file.Exists && file.Length > MaxBytes) throw new CommandFailure($"{path}: size: has {file.Length:N0} bytes; at most {MaxBytes:N0} are read");
            return Strict.GetString(File.ReadAllBytes(path));
        }
        catch (DecoderFallbackException error)
        {
            throw new CommandFailure($"{path}: text: is not UTF-8 at byte {error.Index}; convert it first");
        }
        catch (FileNotFoundException)
        {
            throw new CommandFailure($"{path}: path: there is no such file");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure($"{path}: path: {error.Message}");
        }
    }
}
