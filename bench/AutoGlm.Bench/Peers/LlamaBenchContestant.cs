using System.Globalization;
using System.Text.Json;

namespace AutoGlm.Bench.Peers;

/// <summary>llama.cpp, or a fork of it, by its own llama-bench; several sequences by the llama-batched-bench beside it.</summary>
internal sealed class LlamaBenchContestant(string name, string path) : IContestant
{
    public string Name => name;

    public double Measure(string model, Workload workload, int threads) =>
        workload.Sequences == 1 ? Single(model, workload, threads) : Batched(model, workload, threads);

    /// <summary>The llama-batched-bench beside a llama-bench.</summary>
    public static string BatchedBeside(string path) => Path.Combine(Path.GetDirectoryName(path) ?? "", "llama-batched-bench" + Path.GetExtension(path));

    /// <summary>Tokens a second that a llama-batched-bench says all its sequences generated.</summary>
    /// <exception cref="InvalidOperationException">It says nothing.</exception>
    public static double GenerationRate(string output)
    {
        string line = output.Split('\n').LastOrDefault(text => text.Contains("speed_tg", StringComparison.Ordinal))
            ?? throw new InvalidOperationException("llama-batched-bench gave no result");
        using JsonDocument json = JsonDocument.Parse(line);
        return json.RootElement.GetProperty("speed_tg").GetDouble();
    }

    private double Single(string model, Workload workload, int threads)
    {
        string output = ChildProcess.Run(path, ["-m", model, "-t", Text(threads), "-p", Text(workload.PromptTokens), "-n", Text(workload.GeneratedTokens), "-r", "1", "-o", "json"]);
        using JsonDocument json = JsonDocument.Parse(output);
        return json.RootElement[0].GetProperty("avg_ts").GetDouble();
    }

    private double Batched(string model, Workload workload, int threads)
    {
        int context = workload.Sequences * (workload.GeneratedTokens + 32);
        string output = ChildProcess.Run(
            BatchedBeside(path),
            ["-m", model, "-t", Text(threads), "-c", Text(context), "-npp", "8", "-ntg", Text(workload.GeneratedTokens), "-npl", Text(workload.Sequences), "--output-format", "jsonl"]);
        return GenerationRate(output);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
