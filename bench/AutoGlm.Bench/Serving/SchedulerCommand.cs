using System.CommandLine;
using System.Diagnostics;
using AutoGlm.Engine;
using AutoGlm.Engine.Evaluation;
using AutoGlm.Engine.Sampling;

namespace AutoGlm.Bench.Serving;

/// <summary>
/// What scheduling and the KV cache cost where nothing is shared: many answers at once to prompts that have nothing in common, with
/// the prefix cache and without, in turns; and the time of a step outside the model.
/// </summary>
internal static class SchedulerCommand
{
    public static Command Create()
    {
        Option<string> model = new("--model", "-m") { Description = "A .gguf file or a Hugging Face folder.", Required = true };
        Option<int> sequences = new("--sequences") { Description = "Answers at once.", DefaultValueFactory = _ => 64 };
        Option<int> prompt = new("--prompt") { Description = "Tokens of each prompt.", DefaultValueFactory = _ => 48 };
        Option<int> tokens = new("--tokens") { Description = "Tokens of each answer.", DefaultValueFactory = _ => 16 };
        Option<int> rounds = new("--rounds") { Description = "Runs of each kind, in turns.", DefaultValueFactory = _ => 3 };
        Command command = new("scheduler", "Measures what scheduling and the KV cache cost.") { model, sequences, prompt, tokens, rounds };
        command.SetAction((arguments, _) => RunAsync(
            arguments.GetRequiredValue(model), arguments.GetValue(sequences), arguments.GetValue(prompt), arguments.GetValue(tokens), arguments.GetValue(rounds)));
        return command;
    }

    private static async Task<int> RunAsync(string model, int sequences, int prompt, int tokens, int rounds)
    {
        EngineOptions options = new() { Context = prompt + tokens, MaxSequences = sequences, KvType = Graph.Execution.KvType.F16 };
        await using InferenceEngine with = await InferenceEngine.LoadAsync(model, options);
        await using InferenceEngine without = await InferenceEngine.LoadAsync(model, options with { PrefixCache = false, PrefixWaitTokens = 0, ShareAnswers = false });
        Dictionary<InferenceEngine, List<double>> rates = new() { [with] = [], [without] = [] };
        Random random = new(1);
        for (int round = 0; round <= rounds; round++)
        {
            foreach (InferenceEngine engine in round % 2 == 0 ? new[] { with, without } : [without, with])
            {
                double rate = await RoundAsync(engine, random, sequences, prompt, tokens);
                if (round > 0) rates[engine].Add(rate);
            }
        }

        double on = new Sample(rates[with]).Median, off = new Sample(rates[without]).Median;
        EngineStatistics statistics = with.GetStatistics();
        Console.WriteLine($"{sequences} answers of {tokens} tokens to prompts of {prompt}, nothing shared, {rounds} rounds, medians");
        Console.WriteLine($"prefix cache on {on:F1} tok/s, off {off:F1} tok/s: {100 * (on / off - 1):+0.00;-0.00} %");
        Console.WriteLine($"hit tokens {statistics.Cache.HitTokens}, certainly not cached {statistics.Cache.CertainlyNotCached} of {statistics.Cache.Lookups} lookups");
        Console.WriteLine($"with it {Describe(statistics)}; without {Describe(without.GetStatistics())}");
        return 0;
    }

    /// <summary>Tokens a second, prompts' and answers'.</summary>
    private static async Task<double> RoundAsync(InferenceEngine engine, Random random, int sequences, int prompt, int tokens)
    {
        int vocabulary = engine.Tokenizer.VocabularySize;
        GenerationRequest[] requests = [.. Enumerable.Range(0, sequences).Select(_ => new GenerationRequest
        {
            Prompt = [.. Enumerable.Range(0, prompt).Select(_ => random.Next(vocabulary))],
            MaxTokens = tokens,
            Sampling = SamplingOptions.Greedy,
            IgnoreEnd = true,
        })];
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(requests.Select(async request =>
        {
            await foreach (GenerationChunk _ in engine.GenerateAsync(request))
            {
            }
        }));
        return sequences * (double)(prompt + tokens) / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Times of a step: what is outside the model is scheduling, the cache, and choosing tokens.</summary>
    private static string Describe(EngineStatistics statistics)
    {
        double step = statistics.StepTime.TotalMicroseconds / statistics.Steps, own = (statistics.StepTime - statistics.ComputeTime).TotalMicroseconds / statistics.Steps;
        return $"a step takes {step:F0} us, of it {own:F0} us outside the model ({100 * own / step:F2} %)";
    }
}
