using System.Runtime.InteropServices;
using AutoGlm.KvCache.Eviction;
using CsCheck;

namespace AutoGlm.KvCache.Tests;

public class KvSequenceTests
{
    private const int BlockTokens = 4;
    private static readonly BlockKey Root = BlockKey.Root([1], [2], []);

    private static KvSequence Written(BlockPool pool, ReadOnlySpan<int> tokens, BlockKey? root = null)
    {
        KvSequence sequence = new(pool, root ?? Root);
        int reused = sequence.Reuse(tokens);
        Assert.True(sequence.TryReserve(tokens.Length - reused));
        sequence.Commit(tokens[reused..]);
        return sequence;
    }

    [Fact]
    public void A_prompt_seen_before_takes_over_its_blocks_but_never_its_last_token()
    {
        BlockPool pool = new(new HostMemory(16, BlockTokens));
        int[] prompt = [1, 2, 3, 4, 5, 6, 7, 8];
        int[] table = [];
        using (KvSequence first = Written(pool, prompt)) table = first.BlockTable.ToArray();

        using KvSequence second = new(pool, Root);
        Assert.Equal(7, second.Reuse(prompt));
        Assert.Equal(table[0], second.BlockTable[0]);
        Assert.NotEqual(table[1], second.BlockTable[1]);
        using KvSequence longer = new(pool, Root);
        Assert.Equal(8, longer.Reuse([.. prompt, 9]));
    }

    [Fact]
    public void A_sequence_that_goes_on_takes_over_its_tail_and_a_fork_copies_what_it_shares()
    {
        BlockPool pool = new(new HostMemory(16, BlockTokens));
        int tail;
        using (KvSequence first = Written(pool, [1, 2, 3, 4, 5, 6])) tail = first.BlockTable[1];

        using KvSequence fork = new(pool, Root);
        Assert.Equal(5, fork.Reuse([1, 2, 3, 4, 5, 99, 100]));
        Assert.NotEqual(tail, fork.BlockTable[1]);
        using KvSequence same = new(pool, Root);
        Assert.Equal(6, same.Reuse([1, 2, 3, 4, 5, 6, 7, 8]));
        Assert.Equal(tail, same.BlockTable[1]);
        Assert.Equal(2, pool.GetStatistics().PartialBlocks);
    }

    [Fact]
    public void Filling_blocks_allocates_only_what_a_sequences_own_lists_grow_by()
    {
        const int Blocks = 4096;
        BlockPool pool = new(new HostMemory(Blocks, BlockTokens));
        using (Written(pool, [1, 2, 3, 4, 5]))
        {
        }

        using KvSequence sequence = new(pool, Root);
        int[] token = new int[1];
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1024 * BlockTokens; i++)
        {
            token[0] = 7 + i;
            Assert.True(sequence.TryReserve(1));
            sequence.Commit(token);
        }

        // Tokens, blocks, keys and features: 60 bytes a block, and as much again as the lists double.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1024 * 150);
    }

    /// <summary>Keys, tokens, places in the forest, in the heaps and in the filter: 0.1 % of a small model's blocks.</summary>
    [Fact]
    public void What_is_known_of_a_block_takes_a_third_of_a_kibibyte_from_the_start()
    {
        const int Blocks = 8192;
        HostMemory memory = new(Blocks, 16);
        long before = GC.GetAllocatedBytesForCurrentThread();
        BlockPool pool = new(memory);
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / Blocks, 250, 350);
        Assert.Equal(Blocks, pool.AvailableCount);
    }

    [Fact]
    public void A_block_counts_as_touched_once_something_is_written_to_it()
    {
        BlockPool forgets = new(new HostMemory(16, BlockTokens), new BlockPoolOptions { KeepContent = false });
        for (int i = 0; i < 2; i++)
        {
            using KvSequence sequence = new(forgets, Root);
            Assert.True(sequence.TryReserve(7 * BlockTokens));
            Assert.Equal(2 * i, forgets.GetStatistics().BlocksTouched);
            sequence.Commit([1, 2, 3]);
            sequence.Commit([4, 5]);
            Assert.Equal(2, forgets.GetStatistics().BlocksTouched);
        }

        BlockPool keeps = new(new HostMemory(16, BlockTokens));
        Written(keeps, [1, 2, 3]).Dispose();
        using KvSequence fork = new(keeps, Root);
        Assert.Equal(2, fork.Reuse([1, 2, 99]));
        Assert.Equal(2, keeps.GetStatistics().BlocksTouched);
    }

    [Fact]
    public void What_two_compute_at_once_is_stored_once()
    {
        BlockPool pool = new(new HostMemory(16, BlockTokens));
        int[] tokens = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        using KvSequence first = new(pool, Root), second = new(pool, Root);
        foreach (KvSequence sequence in new[] { first, second }) Assert.True(sequence.TryReserve(9));
        foreach (KvSequence sequence in new[] { first, second }) sequence.Commit(tokens);

        Assert.Equal(first.BlockTable[..2].ToArray(), second.BlockTable[..2].ToArray());
        Assert.NotEqual(first.BlockTable[2], second.BlockTable[2]);
        Assert.Equal(4, pool.GetStatistics().BlocksInUse);
    }

    [Fact]
    public void Dropping_a_beginning_forgets_what_builds_on_it_and_leaves_users_be()
    {
        BlockPool pool = new(new HostMemory(16, BlockTokens));
        Written(pool, [1, 2, 3, 4, 5, 6, 7, 8, 9]).Dispose();
        Written(pool, [1, 2, 3, 4, 50, 60, 70, 80, 90]).Dispose();
        Written(pool, [1, 2, 3, 4], BlockKey.Root([1], [2], [7])).Dispose();
        KvSequence running = new(pool, Root);
        Assert.Equal(8, running.Reuse([1, 2, 3, 4, 5, 6, 7, 8, 10]));

        Assert.Equal(2, pool.Drop(new PrefixKeys(Root, BlockTokens), [1, 2, 3, 4, 5, 6]));
        using (KvSequence other = new(pool, Root)) Assert.Equal(4, other.Reuse([1, 2, 3, 4, 5, 6, 7, 8, 10]));
        Assert.True(running.TryReserve(4));
        running.Commit([10, 11, 12, 13]);
        running.Dispose();
        using (KvSequence other = new(pool, Root)) Assert.Equal(8, other.Reuse([1, 2, 3, 4, 50, 60, 70, 80, 99]));

        Assert.Equal(3, pool.Drop(new PrefixKeys(Root, BlockTokens), []));
        CacheStatistics statistics = pool.GetStatistics();
        Assert.Equal((0, 1, 15), (statistics.BlocksInUse, statistics.BlocksCached, statistics.BlocksBlank));
        Assert.Equal(5, statistics.Evictions[EvictionCause.Dropped]);
    }

    [Fact]
    public void The_filter_spares_lookups_of_what_is_certainly_not_there()
    {
        BlockPool pool = new(new HostMemory(64, BlockTokens));
        for (int i = 0; i < 20; i++) Written(pool, [.. Enumerable.Range(100 * i, 9)]).Dispose();

        CacheStatistics statistics = pool.GetStatistics();
        Assert.Equal((20, 180, 20), (statistics.Lookups, statistics.LookupTokens, statistics.Misses));
        Assert.InRange(statistics.CertainlyNotCached, 18, 20);
        using KvSequence again = new(pool, Root);
        Assert.Equal(8, again.Reuse([.. Enumerable.Range(500, 9)]));
        Assert.Equal(statistics.CertainlyNotCached, pool.GetStatistics().CertainlyNotCached);
        Assert.Equal(8, pool.GetStatistics().HitTokens);
    }

    [Fact]
    public void Another_tenant_model_or_beginning_shares_nothing()
    {
        BlockPool pool = new(new HostMemory(16, BlockTokens));
        using KvSequence first = Written(pool, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        foreach (BlockKey root in new[] { BlockKey.Root([1], [2], [7]), BlockKey.Root([9], [2], []), BlockKey.Root([1, 2], [], []) })
        {
            using KvSequence other = new(pool, root);
            Assert.Equal(0, other.Reuse([1, 2, 3, 4, 5, 6, 7, 8, 9]));
        }

        using KvSequence shifted = new(pool, Root);
        Assert.Equal(0, shifted.Reuse([5, 6, 7, 8, 9, 10]));
    }

    [Fact]
    public void Blocks_in_use_are_never_given_up()
    {
        BlockPool pool = new(new HostMemory(3, BlockTokens));
        using KvSequence running = Written(pool, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        KvSequence waiting = new(pool, Root);
        Assert.False(waiting.TryReserve(1));
        Assert.True(waiting.BlockTable.IsEmpty);
    }

    [Fact]
    public void A_sequences_last_blocks_are_given_up_first()
    {
        BlockPool pool = new(new HostMemory(4, BlockTokens));
        int[] prompt = [.. Enumerable.Range(0, 16)];
        Written(pool, prompt).Dispose();
        using (KvSequence other = Written(pool, [100, 101, 102, 103, 104])) Assert.Equal(2, pool.EvictedCount);

        using KvSequence again = new(pool, Root);
        Assert.Equal(8, again.Reuse([.. prompt, 16]));
    }

    [Fact]
    public void Random_use_loses_no_block_and_never_shows_a_sequence_other_tokens()
    {
        Gen.Select(Gen.Int[1, 24], Gen.Int[0, 1 << 20], Gen.Int[10, 200], Gen.Int[0, 3].Select(i => EvictionPolicies.Names[i])).Sample(
            (blocks, seed, steps, policy) =>
            {
                Random random = new(seed);
                HostMemory memory = new(blocks, BlockTokens);
                ManualTime time = new();
                BlockPool pool = new(memory, new BlockPoolOptions { Policy = policy, Time = time, Ttl = TimeSpan.FromSeconds(40), BlankShare = random.NextDouble() / 4 });
                List<(KvSequence Sequence, List<int> Tokens)> running = [];
                for (int step = 0; step < steps; step++)
                {
                    time.Advance(TimeSpan.FromSeconds(random.Next(3)));
                    switch (random.Next(8))
                    {
                        case 0 or 1 when running.Count > 0:
                            int index = random.Next(running.Count);
                            running[index].Sequence.Dispose();
                            running.RemoveAt(index);
                            break;
                        case 2 or 3 when running.Count > 0:
                            (KvSequence grown, List<int> tokens) = running[random.Next(running.Count)];
                            int more = random.Next(1, 6);
                            if (grown.TryReserve(more)) Write(memory, grown, tokens, [.. Enumerable.Range(0, more).Select(_ => random.Next(2))]);
                            break;
                        case 4 when random.Next(4) == 0:
                            pool.Drop(new PrefixKeys(Root, BlockTokens), [.. Enumerable.Range(0, random.Next(7)).Select(_ => random.Next(2))]);
                            break;
                        case 5:
                            pool.Sweep();
                            break;
                        default:
                            if (Begin(pool, memory, random) is { } begun) running.Add(begun);
                            break;
                    }

                    AssertAccounted(pool, running);
                }

                foreach ((KvSequence sequence, _) in running) sequence.Dispose();
                Assert.Equal(blocks, pool.AvailableCount);
                pool.Clear();
                Assert.Equal(0, pool.CachedCount);
                Assert.Equal(blocks, pool.AvailableCount);
            },
            iter: 400);
    }

    private static (KvSequence, List<int>)? Begin(BlockPool pool, HostMemory memory, Random random)
    {
        int[] prompt = [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => random.Next(2))];
        CacheRetention retention = new() { Priority = random.Next(-1, 2), Ttl = random.Next(2) == 0 ? null : TimeSpan.FromSeconds(random.Next(1, 60)) };
        KvSequence sequence = new(pool, Root) { Retention = retention };
        int reused = sequence.Reuse(prompt);
        Assert.InRange(reused, 0, prompt.Length - 1);
        // What a token's keys and values hold depends on all tokens before.
        for (int i = 0; i < reused; i++) Assert.Equal(Content(prompt.AsSpan(0, i + 1)), memory[sequence.BlockTable[i / BlockTokens], i % BlockTokens]);
        List<int> tokens = [.. prompt[..reused]];
        if (!sequence.TryReserve(prompt.Length - reused))
        {
            sequence.Dispose();
            return null;
        }

        Write(memory, sequence, tokens, prompt[reused..]);
        return (sequence, tokens);
    }

    private static void Write(HostMemory memory, KvSequence sequence, List<int> tokens, int[] more)
    {
        foreach (int token in more)
        {
            tokens.Add(token);
            int at = tokens.Count - 1;
            memory[sequence.BlockTable[at / BlockTokens], at % BlockTokens] = Content(CollectionsMarshal.AsSpan(tokens));
        }

        sequence.Commit(more);
        // Another's block may stand in for one's own, with the same content.
        for (int i = 0; i < tokens.Count; i++)
            Assert.Equal(Content(CollectionsMarshal.AsSpan(tokens)[..(i + 1)]), memory[sequence.BlockTable[i / BlockTokens], i % BlockTokens]);
    }

    private static long Content(ReadOnlySpan<int> tokens)
    {
        long content = 1;
        foreach (int token in tokens) content = 3 * content + token + 1;
        return content;
    }

    private static void AssertAccounted(BlockPool pool, List<(KvSequence Sequence, List<int> Tokens)> running)
    {
        int inUse = running.SelectMany(entry => entry.Sequence.BlockTable.ToArray()).Distinct().Count();
        CacheStatistics statistics = pool.GetStatistics();
        Assert.Equal((inUse, pool.BlockCount - inUse), (statistics.BlocksInUse, statistics.BlocksCached + statistics.BlocksBlank));
    }
}
