using AutoGlm.KvCache.Eviction;
using CsCheck;

namespace AutoGlm.KvCache.Tests;

public class EvictionTests
{
    private const int BlockTokens = 4;
    private static readonly BlockKey Root = BlockKey.Root([1], [2], []);
    private readonly ManualTime _time = new();

    /// <summary>Blocks of one token sequence each, used at random, against the policies' definitions on a list.</summary>
    [Fact]
    public void Each_policy_gives_up_what_its_definition_says()
    {
        Gen.Select(Gen.Int[0, 1 << 20], Gen.Int[0, 3].Select(i => EvictionPolicies.Names[i])).Sample(
            (seed, policy) =>
            {
                Random random = new(seed);
                ManualTime time = new();
                BlockPool pool = new(new HostMemory(8, BlockTokens), new BlockPoolOptions { Policy = policy, Time = time, Ttl = TimeSpan.FromSeconds(50), BlankShare = 0 });
                PolicyModel model = new(policy, 8, 50);
                for (int step = 0; step < 120; step++)
                {
                    time.Advance(TimeSpan.FromSeconds(4 * random.NextDouble()));
                    double now = time.GetTimestamp() / (double)time.TimestampFrequency;
                    int content = random.Next(14);
                    CacheRetention wish = new() { Priority = random.Next(-1, 2), Ttl = random.Next(3) > 0 ? null : TimeSpan.FromSeconds(1 + 30 * random.NextDouble()) };
                    if (random.Next(10) == 0)
                    {
                        pool.Sweep();
                        model.Sweep(now);
                    }

                    bool hit = model.Use(content, wish, now);
                    using KvSequence sequence = new(pool, Root) { Retention = wish };
                    int[] tokens = [content, content, content, content, 99];
                    Assert.Equal(hit ? 4 : 0, sequence.Reuse(tokens));
                    if (hit) continue;
                    Assert.True(sequence.TryReserve(4));
                    sequence.Commit(tokens[..4]);
                }
            },
            iter: 400);
    }

    [Fact]
    public void Nothing_goes_before_what_builds_on_it()
    {
        foreach (string policy in EvictionPolicies.Names)
        {
            for (int taken = 2; taken <= 4; taken++)
            {
                BlockPool pool = new(new HostMemory(4, BlockTokens), new BlockPoolOptions { Policy = policy, Time = _time });
                int[] tokens = [.. Enumerable.Range(0, 12)];
                Write(pool, tokens, new CacheRetention { Priority = 5 });
                // The beginning is used once more, and dear to nobody.
                Write(pool, tokens[..4], new CacheRetention { Priority = -5 });
                using (KvSequence other = new(pool, BlockKey.Root([3], [], []))) Assert.True(other.TryReserve(taken * BlockTokens));

                using KvSequence again = new(pool, Root);
                Assert.Equal((4 - taken) * BlockTokens, again.Reuse([.. tokens, 99]));
            }
        }
    }

    [Fact]
    public void The_sweeper_gives_back_what_expired_ends_priorities_and_keeps_some_blank()
    {
        BlockPool pool = new(new HostMemory(16, BlockTokens), new BlockPoolOptions { Policy = "lru", Time = _time, Ttl = TimeSpan.FromSeconds(100), BlankShare = 0.5 });
        Write(pool, [1, 1, 1, 1], new CacheRetention { Ttl = TimeSpan.FromSeconds(10) });
        Write(pool, [2, 2, 2, 2], new CacheRetention { Priority = 5 });
        Write(pool, [3, 3, 3, 3], CacheRetention.Default);
        Assert.InRange(pool.Sweep(), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(11));
        Assert.Equal(3, pool.CachedCount);

        _time.Advance(TimeSpan.FromSeconds(11));
        pool.Sweep();
        Assert.Equal((2, 1), (pool.CachedCount, pool.GetStatistics().Evictions[EvictionCause.Expired]));
        _time.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal(Timeout.InfiniteTimeSpan, pool.Sweep());
        // Its priority is over: it is the one unused for longest now.
        Write(pool, [.. Enumerable.Range(100, 14 * BlockTokens)], CacheRetention.Default);
        Write(pool, [9, 9, 9, 9], CacheRetention.Default);
        Assert.Equal(0, Found(pool, 2));
        Assert.Equal(4, Found(pool, 3));
        for (int i = 0; i < 10; i++) pool.Sweep();
        Assert.Equal(8, pool.GetStatistics().BlocksBlank);
        Assert.True(pool.GetStatistics().Evictions[EvictionCause.Watermark] > 0);
    }

    [Fact]
    public void A_wish_never_keeps_running_answers_from_blocks()
    {
        BlockPool pool = new(new HostMemory(4, BlockTokens), new BlockPoolOptions { Time = _time });
        Write(pool, [.. Enumerable.Range(0, 16)], new CacheRetention { Priority = CacheRetention.MostPriority, Ttl = TimeSpan.MaxValue });
        using KvSequence running = new(pool, Root);
        Assert.True(running.TryReserve(16));
    }

    [Fact]
    public void Wishes_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new CacheRetention { Ttl = TimeSpan.Zero }.Validate());
        Assert.Throws<ArgumentException>(() => new CacheRetention { Priority = 11 }.Validate());
        Assert.Contains("lru+ttl", Assert.Throws<ArgumentException>(() => EvictionPolicies.Create("mru")).Message);
    }

    private static int Found(BlockPool pool, int content)
    {
        using KvSequence sequence = new(pool, Root);
        return sequence.Reuse([content, content, content, content, 99]);
    }

    private static void Write(BlockPool pool, int[] tokens, CacheRetention retention)
    {
        using KvSequence sequence = new(pool, Root) { Retention = retention };
        int reused = sequence.Reuse(tokens);
        Assert.True(sequence.TryReserve(tokens.Length - reused));
        sequence.Commit(tokens[reused..]);
    }
}
