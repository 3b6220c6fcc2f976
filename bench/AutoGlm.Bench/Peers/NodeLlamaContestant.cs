using System.Globalization;
using System.Text.Json;

namespace AutoGlm.Bench.Peers;

/// <summary>llama.cpp as node-llama-cpp ships it; <c>npm ci</c> in its folder installs it.</summary>
internal sealed class NodeLlamaContestant(string folder) : IContestant
{
    public string Name => "node-llama-cpp";

    /// <summary>Installs the package where it is not.</summary>
    public void Install()
    {
        if (!Directory.Exists(Path.Combine(folder, "node_modules"))) ChildProcess.Run("npm", ["ci"], folder);
    }

    public double Measure(string model, Workload workload, int threads)
    {
        string[] numbers = [.. new[] { threads, workload.PromptTokens, workload.GeneratedTokens, workload.Sequences }.Select(number => number.ToString(CultureInfo.InvariantCulture))];
        string output = ChildProcess.Run("node", ["node-llama-cpp.mjs", Path.GetFullPath(model), .. numbers], folder);
        using JsonDocument json = JsonDocument.Parse(output);
        return json.RootElement.GetProperty(workload.IsPrompt ? "prompt" : "generation").GetDouble();
    }
}
