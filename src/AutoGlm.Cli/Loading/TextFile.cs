using System.Text;

namespace AutoGlm.Cli.Loading;

/// <summary>Reads files of text.</summary>
internal static class TextFile
{
    private const long MaxBytes = 1L << 30;

    /// <summary>The file's text as it is, byte order mark included; bytes that are no UTF-8 become U+FFFD.</summary>
    /// <exception cref="CommandFailure">It cannot be read, or is too large.</exception>
    public static string Read(string path)
    {
        try
        {
            FileInfo file = new(path);
            if (file.Exists && file.Length > MaxBytes) throw new CommandFailure($"{path}: size: has {file.Length:N0} bytes; at most {MaxBytes:N0} are read");
            return Encoding.UTF8.GetString(File.ReadAllBytes(path));
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
