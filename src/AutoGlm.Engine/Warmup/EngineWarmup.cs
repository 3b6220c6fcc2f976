using System.Globalization;
using AutoGlm.Engine.Sampling;
using AutoGlm.Formats.Chat;
using AutoGlm.KvCache.Warmup;

namespace AutoGlm.Engine.Warmup;

/// <summary>
/// Warms an engine by asking it: first prompts of each size and batches of each size, so that every kernel has run (compiled, tuned,
/// its memory touched), then the beginnings that are going to be asked for, so that they are cached.
/// </summary>
internal sealed class EngineWarmup(InferenceEngine engine, EngineOptions options, int vocabulary)
{
    /// <summary>Whose the prompts are that only warm kernels; they are dropped.</summary>
    private const string Nobody = "autoglm: warm-up";

    private readonly List<string> _problems = [];
    private readonly Random _random = new(1);

    /// <summary>Does it all, in order.</summary>
    public async Task<WarmupResult> RunAsync(IReadOnlyList<WarmupPrompt> prompts, IReadOnlyList<HotPrefix> hot, IProgress<WarmupProgress>? progress, CancellationToken cancellation)
    {
        int[] sizes = [.. Doubling(Math.Min(options.StepTokens, engine.Context - 2))];
        int[] batches = [.. Doubling(Math.Min(Math.Min(options.MaxSequences, options.StepTokens), options.MaxWaiting)).Skip(1)];
        int done = 0, total = sizes.Length + batches.Length + hot.Count + prompts.Count;
        void Report(string step) => progress?.Report(new WarmupProgress(++done, total, step));
        await GrowAsync(sizes, "prompts of {0:N0} tokens", size => AskAsync(Random(size), 2, Nobody, cancellation), Report).ConfigureAwait(false);
        await GrowAsync(batches, "{0:N0} answers at once", batch => AskTogetherAsync(batch, cancellation), Report).ConfigureAwait(false);

        await engine.ForgetAsync(Nobody).ConfigureAwait(false);
        // The hottest last: what is computed last stays longest.
        int warmed = 0, asked = 0;
        foreach (HotPrefix prefix in hot.Reverse())
        {
            if (await TryAsync(prefix.Tokens, new GenerationRequest { Prompt = [], Root = prefix.Root }, "A hot prefix", cancellation).ConfigureAwait(false)) warmed++;
            Report("hot prefix");
        }

        foreach (WarmupPrompt prompt in prompts)
        {
            if (Encode(prompt) is { } tokens && await TryAsync(tokens, new GenerationRequest { Prompt = [], Tenant = prompt.Tenant }, "A prompt", cancellation).ConfigureAwait(false)) asked++;
            Report("prompt");
        }

        return new WarmupResult(asked, warmed, _problems);
    }

    /// <summary>
    /// Runs sizes that grow for as long as one takes little. One that takes long is run again, since the first time kernels may be made
    /// for it: where that is no faster, the model is slow, requests of larger sizes take seconds anyway, and the rest is left out.
    /// </summary>
    private async Task GrowAsync(int[] sizes, string step, Func<int, Task> run, Action<string> report)
    {
        bool isSlow = false;
        foreach (int size in sizes)
        {
            string name = string.Format(CultureInfo.InvariantCulture, step, size);
            if (!isSlow && await IsLongAsync(size, run).ConfigureAwait(false) && await IsLongAsync(size, run).ConfigureAwait(false))
            {
                isSlow = true;
                if (size < sizes[^1]) _problems.Add(string.Create(CultureInfo.InvariantCulture, $"No more than {name} were tried, as they took over {options.WarmUpPatience.TotalSeconds:0.#} s: the first larger requests may take a little longer than later ones."));
            }

            report(name);
        }
    }

    private async Task<bool> IsLongAsync(int size, Func<int, Task> run)
    {
        long began = options.Time.GetTimestamp();
        await run(size).ConfigureAwait(false);
        return options.Time.GetElapsedTime(began) > options.WarmUpPatience;
    }

    /// <summary>1, 2, 4 and so on, and the most.</summary>
    private static IEnumerable<int> Doubling(int most)
    {
        for (int size = 1; size < most; size *= 2) yield return size;
        if (most > 0) yield return most;
    }

    private int[] Random(int tokens) => [.. Enumerable.Range(0, tokens).Select(_ => _random.Next(vocabulary))];

    private IReadOnlyList<int>? Encode(WarmupPrompt prompt)
    {
        try
        {
            return prompt.Messages is { } messages ? engine.EncodeChat(messages) : engine.Encode(prompt.Text ?? "");
        }
        catch (Exception error) when (error is ChatTemplateException or InvalidOperationException)
        {
            _problems.Add($"A prompt was left out: {error.Message}");
            return null;
        }
    }

    private async Task<bool> TryAsync(IReadOnlyList<int> tokens, GenerationRequest request, string what, CancellationToken cancellation)
    {
        if (tokens.Count == 0 || tokens.Count >= engine.Context)
        {
            _problems.Add($"{what} was left out: its {tokens.Count:N0} tokens should be 1 to {engine.Context - 1:N0}.");
            return false;
        }

        await ReadAsync(request with { Prompt = tokens, MaxTokens = 1, Sampling = SamplingOptions.Greedy }, cancellation).ConfigureAwait(false);
        return true;
    }

    private Task AskTogetherAsync(int answers, CancellationToken cancellation) =>
        Task.WhenAll(Enumerable.Range(0, answers).Select(_ => AskAsync(Random(1), Math.Min(3, engine.Context - 1), Nobody, cancellation)));

    private Task AskAsync(int[] prompt, int tokens, string tenant, CancellationToken cancellation) =>
        ReadAsync(new GenerationRequest { Prompt = prompt, MaxTokens = tokens, Sampling = SamplingOptions.Greedy, IgnoreEnd = true, Tenant = tenant }, cancellation);

    private async Task ReadAsync(GenerationRequest request, CancellationToken cancellation)
    {
        await foreach (GenerationChunk _ in engine.GenerateAsync(request with { IsWarmUp = true }, cancellation).ConfigureAwait(false))
        {
        }
    }
}
