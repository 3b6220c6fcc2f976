using System.Globalization;
using System.Text.Json;
using AutoGlm.Bench.Peers;
using AutoGlm.Engine.Evaluation;

namespace AutoGlm.Bench.Cuda;

/// <summary>llama.cpp's CUDA build, by its own llama-bench and llama-batched-bench: all layers on the card, flash attention.</summary>
internal static class LlamaOnCard
{
    private const string Batch = "2048";

    /// <exception cref="InvalidOperationException">It failed, with what it said.</exception>
    public static IEnumerable<CardRun> Measure(string path, string model, CardWork work)
    {
        List<CardRun> runs = [];
        string output = ChildProcess.Run(path, ["-m", model, "-ngl", "99", "-fa", "1", "-p", Text(work.Prompt), "-n", Text(work.Generation), "-b", Batch, "-ub", Batch, "-r", "3", "-o", "json"]);
        using (JsonDocument json = JsonDocument.Parse(output))
        {
            foreach (JsonElement result in json.RootElement.EnumerateArray())
            {
                bool isPrompt = result.GetProperty("n_prompt").GetInt32() > 0;
                Sample samples = new(result.GetProperty("samples_ts").EnumerateArray().Select(sample => sample.GetDouble()));
                runs.Add(new CardRun(isPrompt ? CardRun.NameOfPrompt(work.Prompt) : CardRun.NameOfGeneration(1, 0), samples.Median));
            }
        }

        if (work.Sequences > 0) runs.Add(Batched(path, model, work));
        return runs;
    }

    private static CardRun Batched(string path, string model, CardWork work)
    {
        string[] lengths = ["-npp", Text(work.Depth), "-ntg", Text(work.Generation), "-npl", Text(work.Sequences), "-c", Text(work.Sequences * (work.Depth + work.Generation) + 256)];
        string output = ChildProcess.Run(LlamaBenchContestant.BatchedBeside(path), ["-m", model, "-ngl", "99", "-fa", "1", "-b", Batch, "-ub", Batch, .. lengths, "--output-format", "jsonl"]);
        return new CardRun(CardRun.NameOfGeneration(work.Sequences, work.Depth), LlamaBenchContestant.GenerationRate(output));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
