namespace AutoGlm.KvCache.Warmup;

/// <summary>Finds, and merges, the beginnings worth computing before anyone asks.</summary>
public static class HotPrefixes
{
    /// <summary>A block that fewer sequences had is not hot.</summary>
    private const int LeastUses = 2;

    /// <summary>
    /// The beginnings that spare most: each ends where the sequences that have it part, that is, where no next block has half as
    /// many uses. On the step loop's thread.
    /// </summary>
    /// <param name="pool">Where to look.</param>
    /// <param name="most">How many to find at most.</param>
    public static List<HotPrefix> Find(BlockPool pool, int most)
    {
        PrefixIndex index = pool.Index;
        HashSet<int> goesOn = [];
        List<int> hot = [];
        for (int block = 0; block < pool.BlockCount; block++)
        {
            if (index.CountOf(block) != pool.BlockTokens || pool.UsesOf(block) < LeastUses) continue;
            hot.Add(block);
            int parent = index.ParentOf(block);
            if (parent >= 0 && 2 * pool.UsesOf(block) >= pool.UsesOf(parent)) goesOn.Add(parent);
        }

        return [.. hot.Where(block => !goesOn.Contains(block)).Select(block => Trace(pool, block)).OrderByDescending(prefix => prefix.Worth).Take(most)];
    }

    /// <summary>What is hot now, and what was before at half its count, so that the past is forgotten in time.</summary>
    /// <param name="now">Found in this run.</param>
    /// <param name="before">Kept from earlier runs.</param>
    /// <param name="most">How many to keep.</param>
    public static List<HotPrefix> Merge(IEnumerable<HotPrefix> now, IEnumerable<HotPrefix> before, int most)
    {
        Dictionary<(BlockKey, string), HotPrefix> merged = [];
        foreach (HotPrefix prefix in now.Concat(before.Select(old => old with { Uses = old.Uses / 2 })))
        {
            (BlockKey, string) key = (prefix.Root, string.Join(',', prefix.Tokens));
            merged[key] = merged.TryGetValue(key, out HotPrefix? known) ? known with { Uses = known.Uses + prefix.Uses } : prefix;
        }

        return [.. merged.Values.Where(prefix => prefix.Uses >= LeastUses).OrderByDescending(prefix => prefix.Worth).Take(most)];
    }

    private static HotPrefix Trace(BlockPool pool, int last)
    {
        List<int> path = [];
        for (int block = last; block >= 0; block = pool.Index.ParentOf(block)) path.Add(block);
        path.Reverse();
        return new HotPrefix(pool.Index.ParentKeyOf(path[0]), pool.UsesOf(last), [.. path.SelectMany(block => pool.Index.TokensOf(block).ToArray())]);
    }
}
