using CsCheck;

namespace AutoGlm.Engine.Tests.Scheduling;

/// <summary>
/// One tenant asks, another watches: which of its own tokens comes in which step, and how much of its prompts was cached. Requests are
/// ordered, grouped, shared, cached and looked for; none of it may tell what the other's prompts say.
/// </summary>
public class TenantScheduleTests
{
    private const int Steps = 400;

    /// <summary>Asked the very prompts of the one who watches, or others of the same lengths: it sees the same, step by step.</summary>
    [Fact]
    public void What_a_tenant_sees_does_not_depend_on_what_another_asks()
    {
        long all = 0;
        Gen.Int[0, 1 << 20].Sample(
            seed =>
            {
                (string same, int reused) = Watch(seed, isSame: true, share: false);
                (string others, _) = Watch(seed, isSame: false, share: false);

                Assert.Equal(others, same);
                all += reused;
            },
            iter: 10,
            threads: 1);

        // The tenant that asks does use the cache for itself.
        Assert.True(all > 0);
    }

    /// <summary>So the one who watches would see it.</summary>
    [Fact]
    public void Those_who_share_can_tell()
    {
        int[] told = [.. Enumerable.Range(0, 5).Where(seed => Watch(seed, isSame: true, share: true).Seen != Watch(seed, isSame: false, share: true).Seen)];

        Assert.Equal(5, told.Length);
    }

    /// <returns>All that the watching tenant sees, and how many tokens the other had from the cache.</returns>
    private static (string Seen, int Reused) Watch(int seed, bool isSame, bool share)
    {
        Random random = new(seed);
        ManualTime time = new();
        EngineOptions options = TinyRuntime.Options(random.Next(3, 12)) with { Time = time, ShareAcrossTenants = share, MaxSequences = random.Next(1, 5) };
        using ModelRuntime runtime = ModelRuntime.Load(TinyRuntime.ModelPath, options);
        ScheduleRun run = new(runtime);
        List<string> seen = [];
        List<(int Number, Engine.Scheduling.AnswerStream Stream)> watched = [], other = [];
        List<int[]> prompts = [];
        for (int step = 0; step < Steps && (step < Steps / 4 || run.IsBusy); step++)
        {
            if (step < Steps / 4 && random.Next(4) == 0)
            {
                // What was asked before by whomever, gone on with or not; answers of one token leave nothing of theirs in the cache.
                int[] prompt = [.. prompts.Count > 0 && random.Next(4) > 0 ? prompts[random.Next(prompts.Count)] : [], .. Enumerable.Range(0, random.Next(1, 30)).Select(_ => random.Next(20, 24))];
                prompt = prompt[..Math.Min(prompt.Length, TinyRuntime.Context - 4)];
                prompts.Add(prompt);
                bool isWatching = random.Next(2) == 0;
                GenerationRequest request = TinyRuntime.Greedy(isWatching || isSame ? prompt : [.. prompt.Select(token => token + 100)], 1);
                (isWatching ? watched : other).Add((step, run.Submit(request with { Tenant = isWatching ? "watches" : "asks", Priority = random.Next(-1, 2) })));
            }

            run.Step();
            time.Advance(TimeSpan.FromMilliseconds(100));
            seen.Add(string.Join(' ', watched.Select(one => run.Pieces(one.Stream))));
        }

        Assert.False(run.IsBusy);
        seen.AddRange(watched.Select(one => $"{one.Number}: {run.Last(one.Stream).Statistics} {string.Join(',', run.TokensOf(one.Stream))}"));
        return (string.Join('\n', seen), other.Sum(one => run.Last(one.Stream).Statistics!.ReusedTokens));
    }
}
