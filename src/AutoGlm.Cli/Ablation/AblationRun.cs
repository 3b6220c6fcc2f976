using System.Diagnostics;
using AutoGlm.Cli.LoadTests;
using AutoGlm.Engine;
using AutoGlm.Engine.Sampling;
using AutoGlm.Engine.Warmup;

namespace AutoGlm.Cli.Ablation;

/// <summary>Measures one row: users who share a system prompt, and each hold a conversation, put to the engine in this process.</summary>
internal sealed class AblationRun(InferenceEngine engine, AblationStep step, SyntheticUsers users)
{
    private readonly Stopwatch _clock = new();
    private readonly List<RequestOutcome> _outcomes = [];
    private int _requests;

    public async Task<AblationResult> RunAsync(int seed, CancellationToken cancellation)
    {
        IReadOnlyList<LoadSession> sessions = users.Sessions(seed);
        if (step.WarmsUp) await engine.WarmUpAsync([new WarmupPrompt { Text = sessions[0].System ?? "" }], null, cancellation);
        _clock.Start();
        await Task.WhenAll(sessions.Select(session => Task.Run(() => HoldAsync(session, cancellation), cancellation)));
        return AblationResult.Of(step.Name, _outcomes, _clock.Elapsed);
    }

    private async Task HoldAsync(LoadSession session, CancellationToken cancellation)
    {
        List<int> conversation = [.. engine.Encode(session.System ?? "")];
        foreach (LoadTurn turn in session.Turns)
        {
            conversation.AddRange(engine.Tokenizer.Encode(turn.Text, addSpecial: false, parseSpecial: false));
            RequestOutcome outcome = await AskAsync(conversation, turn.OutputTokens, cancellation);
            lock (_outcomes) _outcomes.Add(outcome);
        }
    }

    /// <summary>One request; its answer's tokens go to the end of the conversation.</summary>
    private async Task<RequestOutcome> AskAsync(List<int> conversation, int tokens, CancellationToken cancellation)
    {
        GenerationRequest request = new()
        {
            Prompt = [.. conversation],
            MaxTokens = tokens,
            IgnoreEnd = true,
            Sampling = SamplingOptions.Greedy,
            // A tenant of its own finds nothing in the cache.
            Tenant = step.KeepsPrefixes ? "" : $"request {Interlocked.Increment(ref _requests)}",
        };
        TimeSpan sent = _clock.Elapsed, first = TimeSpan.Zero;
        GenerationStatistics? statistics = null;
        await foreach (GenerationChunk chunk in engine.GenerateAsync(request, cancellation))
        {
            if (first == TimeSpan.Zero) first = _clock.Elapsed - sent;
            if (chunk.Token is { } token) conversation.Add(token);
            statistics = chunk.Statistics ?? statistics;
        }

        return new RequestOutcome
        {
            Sent = sent,
            Duration = _clock.Elapsed - sent,
            FirstToken = first,
            PromptTokens = request.Prompt.Count,
            CachedTokens = statistics?.ReusedTokens ?? 0,
            Tokens = conversation.Count - request.Prompt.Count,
        };
    }
}
