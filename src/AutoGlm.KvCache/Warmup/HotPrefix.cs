namespace AutoGlm.KvCache.Warmup;

/// <summary>A beginning that many sequences had in common.</summary>
/// <param name="Root">Key before its first block: whose it is, without saying who that is.</param>
/// <param name="Uses">Sequences that had it.</param>
/// <param name="Tokens">Its tokens, whole blocks of them.</param>
public sealed record HotPrefix(BlockKey Root, long Uses, int[] Tokens)
{
    /// <summary>Tokens that need not be computed thanks to it, were it cached.</summary>
    internal double Worth => (double)Uses * Tokens.Length;
}
