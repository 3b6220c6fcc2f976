namespace AutoGlm.Formats.Tensors;

/// <summary>The stamps of several files.</summary>
internal static class FileStamps
{
    /// <summary>All of them; null where one is missing.</summary>
    public static IReadOnlyList<FileStamp>? Of<T>(IEnumerable<T> files, Func<T, FileStamp?> stamp)
    {
        List<FileStamp> all = [];
        foreach (T file in files)
        {
            if (stamp(file) is not { } known) return null;
            all.Add(known);
        }

        return all;
    }
}
