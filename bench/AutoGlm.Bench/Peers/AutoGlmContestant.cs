using System.Globalization;
using System.Text.Json;

namespace AutoGlm.Bench.Peers;

/// <summary>This engine: <c>autoglm bench</c>.</summary>
internal sealed class AutoGlmContestant : IContestant
{
    /// <summary>The command line, to be run by <c>dotnet</c>.</summary>
    public static string Executable { get; } = Path.Combine(AppContext.BaseDirectory, "autoglm.dll");

    public string Name => "AutoGLM";

    public double Measure(string model, Workload workload, int threads)
    {
        string[] numbers = [.. new[] { workload.PromptTokens, workload.GeneratedTokens, workload.Sequences, threads }.Select(number => number.ToString(CultureInfo.InvariantCulture))];
        string output = ChildProcess.Run("dotnet", [Executable, "bench", "-m", model, "--pp", numbers[0], "--tg", numbers[1], "--batch", numbers[2], "--threads", numbers[3], "--repeat", "1", "--json"]);
        using JsonDocument json = JsonDocument.Parse(output);
        return json.RootElement.GetProperty("results")[0].GetProperty("tokens_per_second").GetDouble();
    }
}
