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
    public void A_prompt_seen_before_takes_over_its_full_blocks_but_never_its_last_token()
    {
        BlockPool pool = new(new HostMemory(16, BlockTokens));
        int[] prompt = [1, 2, 3, 4, 5, 6, 7, 8];
        int[] table = [];
        using (KvSequence first = Written(pool, prompt)) table = first.BlockTable.ToArray();

        using KvSequence second = new(pool, Root);
        Assert.Equal(4, second.Reuse(prompt));
        Assert.Equal(table[0], second.BlockTable[0]);
        using KvSequence longer = new(pool, Root);
        Assert.Equal(8, longer.Reuse([.. prompt, 9]));
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
        Gen.Select(Gen.Int[1, 24], Gen.Int[0, 1 << 20], Gen.Int[10, 200]).Sample(
            (blocks, seed, steps) =>
            {
                Random random = new(seed);
                BlockPool pool = new(new HostMemory(blocks, BlockTokens));
                List<(KvSequence Sequence, List<int> Tokens)> running = [];
                Dictionary<int, string> content = [];
                for (int step = 0; step < steps; step++)
                {
                    if (running.Count > 0 && random.Next(3) == 0)
                    {
                        int index = random.Next(running.Count);
                        running[index].Sequence.Dispose();
                        running.RemoveAt(index);
                    }
                    else if (running.Count > 0 && random.Next(2) == 0)
                    {
                        (KvSequence sequence, List<int> tokens) = running[random.Next(running.Count)];
                        if (sequence.TryReserve(1)) Write(sequence, tokens, [random.Next(2)], content);
                    }
                    else
                    {
                        int[] prompt = [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => random.Next(2))];
                        KvSequence sequence = new(pool, Root);
                        int reused = sequence.Reuse(prompt);
                        for (int i = 0; i < reused / BlockTokens; i++)
                            Assert.Equal(string.Join(',', prompt[..((i + 1) * BlockTokens)]), content[sequence.BlockTable[i]]);
                        List<int> tokens = [.. prompt[..reused]];
                        if (sequence.TryReserve(prompt.Length - reused))
                        {
                            Write(sequence, tokens, prompt[reused..], content);
                            running.Add((sequence, tokens));
                        }
                        else
                        {
                            sequence.Dispose();
                        }
                    }
                }

                foreach ((KvSequence sequence, _) in running) sequence.Dispose();
                Assert.Equal(blocks, pool.AvailableCount);
                pool.Clear();
                Assert.Equal(0, pool.CachedCount);
                Assert.Equal(blocks, pool.AvailableCount);
            },
            iter: 300);
    }

    /// <summary>Writes tokens, keeping for each full block all tokens up to its end: what its keys and values depend on.</summary>
    private static void Write(KvSequence sequence, List<int> tokens, int[] more, Dictionary<int, string> content)
    {
        sequence.Commit(more);
        tokens.AddRange(more);
        for (int end = BlockTokens; end <= tokens.Count; end += BlockTokens)
            content[sequence.BlockTable[end / BlockTokens - 1]] = string.Join(',', tokens[..end]);
    }
}
