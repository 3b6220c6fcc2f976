namespace AutoGlm.Formats.Tokenizers;

/// <summary>Remembers how recent short pieces were encoded. Of fixed size, and safe for any number of threads without locks.</summary>
internal sealed class PieceCache
{
    private const int Slots = 1 << 14;
    private const int LongestPiece = 48;
    private readonly Entry?[] _entries = new Entry?[Slots];

    public bool TryGet(ReadOnlySpan<byte> piece, List<int> output)
    {
        if (piece.Length > LongestPiece) return false;
        Entry? entry = _entries[ByteHash.Of(piece) & (Slots - 1)];
        if (entry is null || !entry.Piece.AsSpan().SequenceEqual(piece)) return false;
        foreach (int id in entry.Ids) output.Add(id);
        return true;
    }

    public void Set(ReadOnlySpan<byte> piece, ReadOnlySpan<int> ids)
    {
        if (piece.Length > LongestPiece) return;
        _entries[ByteHash.Of(piece) & (Slots - 1)] = new Entry(piece.ToArray(), ids.ToArray());
    }

    private sealed record Entry(byte[] Piece, int[] Ids);
}
