namespace AutoGlm.Formats.Tensors;

/// <summary>The stamps of several files.</summary>
internal static class FileStamps
{
    /// <summary>All of them; null where one is missing.</summary>
    public static IReadOnlyList<FileStamp>? Of(IEnumerable<FileStamp?> stamps)
    {
        List<FileStamp> all = [];
        foreach (FileStamp? stamp in stamps)
        {
            if (stamp is not { } known) return null;
            all.Add(known);
        }

        return all;
    }
}
