namespace AutoGlm.KvCache;

/// <summary>
/// What names the full blocks of one growing list of tokens: keys, and the cheap features that stand before them. Each is
/// computed when first wanted, and once. One thread at a time.
/// </summary>
/// <param name="root">Key before the first block: tenant, model and layout.</param>
/// <param name="blockTokens">Tokens a block holds.</param>
public sealed class PrefixKeys(BlockKey root, int blockTokens)
{
    private readonly List<BlockKey> _keys = [];
    private readonly List<ulong> _features = [];
    private readonly ulong _start = PrefixFilter.Start(root);

    /// <summary>Key before the first block.</summary>
    public BlockKey Root => root;

    /// <summary>Tokens a block holds.</summary>
    public int BlockTokens => blockTokens;

    /// <summary>Key of a full block.</summary>
    /// <param name="block">Its number in the sequence.</param>
    /// <param name="tokens">The sequence's tokens, at least to the block's end; always the same from call to call.</param>
    public BlockKey Key(int block, ReadOnlySpan<int> tokens)
    {
        for (int next = _keys.Count; next <= block; next++) _keys.Add(KeyBefore(next).Next(tokens.Slice(next * blockTokens, blockTokens)));
        return _keys[block];
    }

    /// <summary>Feature of a full block: a hash of tenant and tokens that is cheap, and may be wrong.</summary>
    /// <inheritdoc cref="Key"/>
    public ulong Feature(int block, ReadOnlySpan<int> tokens)
    {
        for (int next = _features.Count; next <= block; next++)
            _features.Add(PrefixFilter.Next(next == 0 ? _start : _features[next - 1], tokens.Slice(next * blockTokens, blockTokens)));
        return _features[block];
    }

    /// <summary>Key of the block before this one, whose own key is known.</summary>
    internal BlockKey KeyBefore(int block) => block == 0 ? root : _keys[block - 1];
}
