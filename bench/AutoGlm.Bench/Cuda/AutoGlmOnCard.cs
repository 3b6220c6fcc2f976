using System.Globalization;
using System.Text.Json;
using AutoGlm.Bench.Peers;

namespace AutoGlm.Bench.Cuda;

/// <summary>This engine: <c>autoglm bench --device cuda</c>.</summary>
internal static class AutoGlmOnCard
{
    /// <exception cref="InvalidOperationException">It failed, with what it said.</exception>
    public static IEnumerable<CardRun> Measure(string model, CardWork work)
    {
        List<CardRun> runs = [.. Run(model, work.Prompt, work.Generation, 1, 0)];
        if (work.Sequences > 0) runs.AddRange(Run(model, 0, work.Generation, work.Sequences, work.Depth));
        return runs;
    }

    private static List<CardRun> Run(string model, int prompt, int generation, int sequences, int depth)
    {
        string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
        string[] arguments = ["bench", "-m", model, "--device", "cuda", "--pp", Text(prompt), "--tg", Text(generation), "--batch", Text(sequences), "--depth", Text(depth), "--repeat", "3", "--json"];
        using JsonDocument json = JsonDocument.Parse(ChildProcess.Run("dotnet", [AutoGlmContestant.Executable, .. arguments]));
        return [.. json.RootElement.GetProperty("results").EnumerateArray().Select(result =>
        {
            double rate = result.GetProperty("tokens_per_second").GetDouble();
            return result.GetProperty("kind").GetString() == "prompt"
                ? new CardRun(CardRun.NameOfPrompt(prompt), rate, OperationsPerToken: result.GetProperty("operations_per_token").GetDouble())
                : new CardRun(CardRun.NameOfGeneration(sequences, depth), rate, result.GetProperty("bytes_per_token").GetDouble());
        })];
    }
}
