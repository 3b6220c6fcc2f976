namespace AutoGlm.Formats.Tensors;

/// <summary>The stamps of several files.</summary>
internal static class FileStamps
{
    /// <summary>All of them; null where one is missing.</summary>
    public static IReadOnlyList<FileStamp>? Of(IEnumerable<FileStamp?> stamps)
    {
        FileStamp?[] all = [.. stamps];
        return Array.TrueForAll(all, stamp => stamp is not null) ? Array.ConvertAll(all, stamp => stamp!.Value) : null;
    }
}
