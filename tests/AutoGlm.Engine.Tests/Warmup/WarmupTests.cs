using AutoGlm.Engine.Tests.Scheduling;
using AutoGlm.Engine.Warmup;
using AutoGlm.KvCache;
using AutoGlm.KvCache.Warmup;

namespace AutoGlm.Engine.Tests.Warmup;

public sealed class WarmupTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("autoglm-warmup-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Prompts_are_cached_and_kernels_leave_nothing()
    {
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(TinyRuntime.ModelPath, TinyRuntime.Options(8) with { MaxSequences = 4 });
        string text = string.Concat(Enumerable.Repeat("hello there ", 6));
        List<WarmupProgress> steps = [];

        WarmupResult result = await engine.WarmUpAsync([new WarmupPrompt { Text = text, Tenant = "a" }, new WarmupPrompt { Text = new string('x', 5000) }], new Collector(steps));

        int whole = engine.Encode(text).Count / TinyRuntime.BlockTokens * TinyRuntime.BlockTokens;
        Assert.Equal(whole, await engine.CountCachedAsync(engine.Encode(text), "a"));
        Assert.Equal(0, await engine.CountCachedAsync(engine.Encode(text)));
        Assert.Equal((1, 0), (result.Prompts, result.HotPrefixes));
        Assert.Contains("left out", Assert.Single(result.Problems));
        Assert.Equal(steps[^1].Total, steps[^1].Done);
        // The warm-up's own prompts are gone: what is cached is the one prompt.
        Assert.InRange(engine.GetStatistics().Cache.BlocksCached, 1, whole / TinyRuntime.BlockTokens + 1);
    }

    /// <summary>Hit rates are users': a warm-up asks for what is not there yet, and then nobody asks for it again.</summary>
    [Fact]
    public async Task Statistics_are_of_users_alone()
    {
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(TinyRuntime.ModelPath, TinyRuntime.Options(8) with { MaxSequences = 4 });
        int[] prompt = [.. Enumerable.Range(20, 3 * TinyRuntime.BlockTokens + 1)];
        await engine.WarmUpAsync([new WarmupPrompt { Text = string.Concat(Enumerable.Repeat("hello there ", 6)) }]);
        EngineStatistics warm = engine.GetStatistics();

        await EngineFixture.AnswerAsync(engine, TinyRuntime.Greedy(prompt, 2));
        await EngineFixture.AnswerAsync(engine, TinyRuntime.Greedy(prompt, 2));
        EngineStatistics used = engine.GetStatistics();

        Assert.True(warm is { WarmUpRequests: > 0, Steps: > 0, ComputedTokens: > 0, Requests: 0, Finished: 0, Cancelled: 0, PromptTokens: 0, ReusedTokens: 0, GeneratedTokens: 0, LongestWait.Ticks: 0 });
        Assert.True(warm.Cache is { Lookups: 0, LookupTokens: 0, Misses: 0, HitTokens: 0, PartialBlocks: 0, CertainlyNotCached: 0 });
        Assert.All(warm.Cache.Evictions.Values, count => Assert.Equal(0, count));
        Assert.Equal((2, 2 * prompt.Length, prompt.Length - 1), (used.Requests, used.PromptTokens, used.ReusedTokens));
        Assert.Equal((2, 1, prompt.Length - 1), (used.Cache.Lookups, used.Cache.Misses, used.Cache.HitTokens));
        Assert.Equal(warm.WarmUpRequests, used.WarmUpRequests);
    }

    [Fact]
    public async Task What_takes_long_is_not_made_longer()
    {
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(TinyRuntime.ModelPath, TinyRuntime.Options(8) with { MaxSequences = 4, WarmUpPatience = TimeSpan.Zero });
        List<WarmupProgress> steps = [];

        WarmupResult result = await engine.WarmUpAsync([], new Collector(steps));

        // Each smallest size twice: the first time might have been that of making its kernels.
        Assert.Equal(2 + 2 * 2, engine.GetStatistics().WarmUpRequests);
        Assert.Equal(["No more than prompts of 1 tokens", "No more than 2 answers at once"], result.Problems.Select(problem => problem[..problem.IndexOf(" were", StringComparison.Ordinal)]));
        Assert.Equal(steps[^1].Total, steps.Count);
    }

    [Fact]
    public async Task What_was_hot_is_warm_after_a_restart_for_its_tenant_alone()
    {
        int[] hot = [.. Enumerable.Range(20, 24)];
        EngineOptions options = TinyRuntime.Options(8) with { StateFolder = _folder, MaxSequences = 2 };
        await using (InferenceEngine first = await InferenceEngine.LoadAsync(TinyRuntime.ModelPath, options))
        {
            for (int i = 0; i < 3; i++) await EngineFixture.AnswerAsync(first, TinyRuntime.Greedy([.. hot, 100 + i], 2) with { Tenant = "a" });
            await first.StopAsync(TimeSpan.FromMinutes(1));
        }

        await using InferenceEngine second = await InferenceEngine.LoadAsync(TinyRuntime.ModelPath, options);
        WarmupResult result = await second.WarmUpAsync([]);

        Assert.Equal(1, result.HotPrefixes);
        Assert.Empty(result.Problems);
        Assert.Equal(24, await second.CountCachedAsync(hot, "a"));
        Assert.Equal(0, await second.CountCachedAsync(hot, "b"));
    }

    /// <summary>No shutting down, no disposing: as after kill -9.</summary>
    [Fact]
    public async Task What_was_hot_outlives_an_engine_that_is_killed()
    {
        int[] hot = [.. Enumerable.Range(20, 24)];
        EngineOptions options = TinyRuntime.Options(8) with { StateFolder = _folder, MaxSequences = 2, StateInterval = TimeSpan.FromMilliseconds(20) };
        await using InferenceEngine killed = await InferenceEngine.LoadAsync(TinyRuntime.ModelPath, options);
        for (int i = 0; i < 3; i++) await EngineFixture.AnswerAsync(killed, TinyRuntime.Greedy([.. hot, 100 + i], 2) with { Tenant = "a" });
        await SavedAsync(uses: 3);

        await using InferenceEngine second = await InferenceEngine.LoadAsync(TinyRuntime.ModelPath, options);
        WarmupResult result = await second.WarmUpAsync([]);

        Assert.Equal(1, result.HotPrefixes);
        Assert.Equal(24, await second.CountCachedAsync(hot, "a"));
    }

    [Fact]
    public async Task An_engine_that_never_warmed_up_does_not_forget_what_others_kept()
    {
        EngineOptions options = TinyRuntime.Options(8) with { StateFolder = _folder, MaxSequences = 2, StateInterval = TimeSpan.FromDays(1) };
        for (int run = 0; run < 2; run++)
        {
            await using InferenceEngine engine = await InferenceEngine.LoadAsync(TinyRuntime.ModelPath, options);
            // Hot in the first run, and not asked for in the second.
            for (int i = 0; i < 4; i++) await EngineFixture.AnswerAsync(engine, TinyRuntime.Greedy([.. Enumerable.Range(20 + run * 40, 24), 100 + i], 2));
            await engine.SaveStateAsync();
        }

        await using InferenceEngine last = await InferenceEngine.LoadAsync(TinyRuntime.ModelPath, options);
        Assert.Equal(2, (await last.WarmUpAsync([])).HotPrefixes);
    }

    /// <summary>Waits until the state tells of a prefix that so many had.</summary>
    private async Task SavedAsync(int uses)
    {
        using ModelRuntime runtime = ModelRuntime.Load(TinyRuntime.ModelPath, TinyRuntime.Options(8) with { StateFolder = _folder });
        HotState state = new(runtime);
        for (int i = 0; i < 15_000; i++)
        {
            if (state.Load([]).Any(prefix => prefix.Uses >= uses)) return;
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        Assert.Fail("The engine does not save what is hot.");
    }

    [Fact]
    public async Task A_damaged_state_is_told_and_left()
    {
        EngineOptions options = TinyRuntime.Options() with { StateFolder = _folder, MaxSequences = 1 };
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(TinyRuntime.ModelPath, options);
        await engine.SaveStateAsync();
        string file = Assert.Single(Directory.GetFiles(_folder));
        File.WriteAllBytes(file, [.. File.ReadAllBytes(file)[..^1], 0, 1, 2]);

        WarmupResult result = await engine.WarmUpAsync([]);

        Assert.Contains("checksum", Assert.Single(result.Problems));
    }

    [Fact]
    public void A_state_file_holds_what_was_saved_and_any_damage_is_found()
    {
        string path = Path.Combine(_folder, "state", "hot");
        BlockKey model = BlockKey.Root([1], [], []);
        HotPrefix[] saved = [new(BlockKey.Root([2], [], []), 7, [1, 2, 3, 4]), new(BlockKey.Root([3], [], []), 5, [9, 8, 7, 6, 5, 4, 3, 2])];
        HotPrefixFile.Save(path, model, saved);
        List<HotPrefix> loaded = HotPrefixFile.Load(path, model, 10, 4);
        Assert.Equal(saved.Select(prefix => (prefix.Root, prefix.Uses)), loaded.Select(prefix => (prefix.Root, prefix.Uses)));
        Assert.Equal(saved.SelectMany(prefix => prefix.Tokens), loaded.SelectMany(prefix => prefix.Tokens));
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));

        Assert.Empty(HotPrefixFile.Load(path, BlockKey.Root([4], [], []), 10, 4));
        Assert.Empty(HotPrefixFile.Load(path + "-none", model, 10, 4));
        Assert.Contains("outside", Assert.Throws<InvalidDataException>(() => HotPrefixFile.Load(path, model, 9, 4)).Message);
        Assert.Throws<InvalidDataException>(() => HotPrefixFile.Load(path, model, 10, 3));
        byte[] good = File.ReadAllBytes(path);
        Random random = new(1);
        for (int i = 0; i < 50; i++)
        {
            byte[] bad = [.. good];
            bad[random.Next(bad.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(path, i % 2 == 0 ? bad : good[..random.Next(good.Length)]);
            Assert.Throws<InvalidDataException>(() => HotPrefixFile.Load(path, model, 10, 4));
        }
    }

    [Fact]
    public void Earlier_heat_fades()
    {
        BlockKey root = BlockKey.Root([1], [], []);
        HotPrefix Of(long uses, int token) => new(root, uses, [token]);

        List<HotPrefix> merged = HotPrefixes.Merge([Of(4, 1), Of(2, 2)], [Of(10, 2), Of(3, 3)], 8);

        Assert.Equal([(2, 7L), (1, 4L)], merged.Select(prefix => (prefix.Tokens[0], prefix.Uses)));
    }

    [Theory]
    [InlineData("[]", "object")]
    [InlineData("{\"prompt\": 5}", "\"prompt\" should be a text")]
    [InlineData("{}", "messages")]
    [InlineData("{\"messages\": [{\"role\": \"user\"}]}", "messages[0]")]
    [InlineData("{\"prompt\": ", "line 3")]
    public void A_prompt_file_that_is_none_says_where(string line, string expected)
    {
        string path = Path.Combine(_folder, "prompts.jsonl");
        File.WriteAllText(path, "{\"prompt\": \"a\", \"tenant\": \"t\"}\n\n" + line + "\n");

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => WarmupPrompt.ReadFile(path));

        Assert.Contains(expected, error.Message);
        Assert.Contains("line 3", error.Message);
    }

    [Fact]
    public void A_prompt_file_holds_texts_and_conversations()
    {
        string path = Path.Combine(_folder, "prompts.jsonl");
        File.WriteAllText(path, "{\"prompt\": \"a\", \"tenant\": \"t\"}\n{\"messages\": [{\"role\": \"system\", \"content\": \"Be brief.\"}]}\n");

        IReadOnlyList<WarmupPrompt> prompts = WarmupPrompt.ReadFile(path);

        Assert.Equal(("a", "t"), (prompts[0].Text, prompts[0].Tenant));
        Assert.Equal("Be brief.", Assert.Single(prompts[1].Messages!).Content);
    }

    private sealed class Collector(List<WarmupProgress> steps) : IProgress<WarmupProgress>
    {
        public void Report(WarmupProgress value) => steps.Add(value);
    }
}
