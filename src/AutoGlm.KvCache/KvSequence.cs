using System.Runtime.InteropServices;

namespace AutoGlm.KvCache;

/// <summary>One sequence's part of the KV cache: its tokens whose keys and values are stored, and the blocks they are in.</summary>
public sealed class KvSequence : IDisposable
{
    private readonly BlockPool _pool;
    private readonly List<int> _blocks = [];
    private readonly List<int> _tokens = [];
    private BlockKey _key;
    private int _published;

    /// <param name="pool">Where its blocks come from.</param>
    /// <param name="root">Key before its first block.</param>
    public KvSequence(BlockPool pool, in BlockKey root)
    {
        _pool = pool;
        _key = root;
    }

    /// <summary>Tokens stored.</summary>
    public int Length => _tokens.Count;

    /// <summary>Blocks from position 0 on, for <see cref="Graph.Execution.ForwardBatch"/>.</summary>
    public ReadOnlySpan<int> BlockTable => CollectionsMarshal.AsSpan(_blocks);

    /// <summary>
    /// Takes over the blocks that hold the longest known beginning of a prompt. At least its last token is left to compute,
    /// since its logits are wanted.
    /// </summary>
    /// <returns>Tokens that need not be computed, a multiple of the block size.</returns>
    public int Reuse(ReadOnlySpan<int> prompt)
    {
        if (_blocks.Count > 0) throw new InvalidOperationException("Only an empty sequence can take over blocks.");
        int size = _pool.BlockTokens;
        while (Length + size < prompt.Length)
        {
            ReadOnlySpan<int> tokens = prompt.Slice(Length, size);
            BlockKey key = _key.Next(tokens);
            if (!_pool.TryReuse(key, tokens, out int block)) break;
            _blocks.Add(block);
            _tokens.AddRange(tokens);
            _key = key;
            _published++;
        }

        return Length;
    }

    /// <summary>Takes blocks for so many more tokens; on failure takes none.</summary>
    public bool TryReserve(int tokens)
    {
        int needed = (int)(((long)Length + tokens + _pool.BlockTokens - 1) / _pool.BlockTokens) - _blocks.Count;
        if (needed > _pool.AvailableCount) return false;
        for (int i = 0; i < needed; i++)
        {
            if (!_pool.TryTake(out int block)) throw new InvalidOperationException("The pool has fewer blocks than it counts.");
            _blocks.Add(block);
        }

        return true;
    }

    /// <summary>Notes that the keys and values of these tokens have been written, and makes full blocks known.</summary>
    public void Commit(ReadOnlySpan<int> tokens)
    {
        if (Length + (long)tokens.Length > (long)_blocks.Count * _pool.BlockTokens) throw new InvalidOperationException("More tokens were written than blocks reserved.");
        _tokens.AddRange(tokens);
        int size = _pool.BlockTokens;
        for (; (_published + 1) * size <= Length; _published++)
        {
            ReadOnlySpan<int> full = CollectionsMarshal.AsSpan(_tokens).Slice(_published * size, size);
            _key = _key.Next(full);
            _pool.Publish(_blocks[_published], _key, full);
        }
    }

    /// <summary>Gives the blocks back, the last first: what is common to many sequences outlives what is not.</summary>
    public void Dispose()
    {
        for (int i = _blocks.Count - 1; i >= 0; i--) _pool.Release(_blocks[i]);
        _blocks.Clear();
        _tokens.Clear();
    }
}
