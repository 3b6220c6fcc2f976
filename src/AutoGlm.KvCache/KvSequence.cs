using System.Runtime.InteropServices;

namespace AutoGlm.KvCache;

/// <summary>One sequence's part of the KV cache: its tokens whose keys and values are stored, and the blocks they are in.</summary>
public sealed class KvSequence : IDisposable
{
    private readonly BlockPool _pool;
    private readonly PrefixKeys _keys;
    private readonly List<int> _blocks = [];
    private readonly List<int> _tokens = [];
    private int _published;
    private bool _private;

    /// <param name="pool">Where its blocks come from.</param>
    /// <param name="keys">Keys of its tokens, kept by whoever may begin it again.</param>
    public KvSequence(BlockPool pool, PrefixKeys keys)
    {
        _pool = pool;
        _keys = keys;
    }

    /// <param name="pool">Where its blocks come from.</param>
    /// <param name="root">Key before its first block.</param>
    public KvSequence(BlockPool pool, in BlockKey root)
        : this(pool, new PrefixKeys(root, pool.BlockTokens))
    {
    }

    /// <summary>How its blocks are kept once it has ended.</summary>
    public CacheRetention Retention { get; init; } = CacheRetention.Default;

    /// <summary>False where the pool's statistics leave its lookup out.</summary>
    public bool IsCounted { get; init; } = true;

    /// <summary>Tokens stored.</summary>
    public int Length => _tokens.Count;

    /// <summary>Blocks from position 0 on, for <see cref="Graph.Execution.ForwardBatch"/>.</summary>
    public ReadOnlySpan<int> BlockTable => CollectionsMarshal.AsSpan(_blocks);

    private int LastPublished => _published == 0 ? -1 : _blocks[_published - 1];

    /// <summary>
    /// Takes over the blocks that hold the longest known beginning of a prompt, and a copy of the block that holds some of what
    /// follows. At least the prompt's last token is left to compute, since its logits are wanted.
    /// </summary>
    /// <returns>Tokens that need not be computed.</returns>
    public int Reuse(ReadOnlySpan<int> prompt)
    {
        if (_blocks.Count > 0) throw new InvalidOperationException("Only an empty sequence can take over blocks.");
        int size = _pool.BlockTokens;
        bool certainlyNot = prompt.Length > size && !_pool.Index.MayHold(_keys.Feature(0, prompt));
        while (Length + size < prompt.Length)
        {
            ReadOnlySpan<int> tokens = prompt.Slice(Length, size);
            if (!_pool.Index.MayHold(_keys.Feature(_published, prompt)) || !_pool.TryReuse(_keys.Key(_published, prompt), tokens, out int block)) break;
            _blocks.Add(block);
            _tokens.AddRange(tokens);
            _published++;
        }

        ReadOnlySpan<int> rest = prompt[Length..^1];
        int part = _pool.ReusePart(LastPublished, _keys.KeyBefore(_published), rest[..Math.Min(size, rest.Length)], out int own);
        if (part > 0)
        {
            _blocks.Add(own);
            _tokens.AddRange(rest[..part]);
        }

        if (IsCounted) _pool.Counters.CountLookup(prompt.Length, Length, part > 0, certainlyNot);
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
        int written = Length / _pool.BlockTokens;
        _tokens.AddRange(tokens);
        for (; written * (long)_pool.BlockTokens < Length; written++) _pool.Touch(_blocks[written]);
        while (!_private && (_published + 1) * _pool.BlockTokens <= Length)
        {
            if (_pool.Publish(ref CollectionsMarshal.AsSpan(_blocks)[_published], LastPublished, _keys, _published, CollectionsMarshal.AsSpan(_tokens))) _published++;
            else _private = true;
        }
    }

    /// <summary>Gives the blocks back, the last first: what is common to many sequences outlives what is not.</summary>
    public void Dispose()
    {
        int tail = _published * _pool.BlockTokens;
        if (!_private && tail < Length)
            _pool.PublishTail(_blocks[_published], LastPublished, _keys, _published, CollectionsMarshal.AsSpan(_tokens)[tail..]);
        for (int i = _blocks.Count - 1; i >= 0; i--) _pool.Release(_blocks[i], Retention);
        _blocks.Clear();
        _tokens.Clear();
        _published = 0;
    }
}
