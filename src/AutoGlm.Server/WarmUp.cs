using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AutoGlm.Engine;
using AutoGlm.Engine.Tools;
using AutoGlm.Server.Http;
using AutoGlm.Server.Protocol;

namespace AutoGlm.Server;

/// <summary>Computes what is asked for often before anybody asks: kernels are compiled, and the prefixes' blocks cached.</summary>
internal static class WarmUp
{
    public static async Task RunAsync(InferenceEngine engine, ServerOptions options, ILogger log, CancellationToken cancellation)
    {
        IReadOnlyList<IReadOnlyList<int>> prompts = options.WarmUpFile is { } path ? Read(engine, path) : [];
        int[] bos = [.. engine.Encode("Hello")];
        if (bos.Length > 0) await ComputeAsync(engine, bos, cancellation);
        foreach (IReadOnlyList<int> prompt in prompts) await ComputeAsync(engine, prompt, cancellation);
        if (prompts.Count > 0) ServerLog.WarmedUp(log, prompts.Count, prompts.Sum(prompt => (long)prompt.Count));
    }

    private static async Task ComputeAsync(InferenceEngine engine, IReadOnlyList<int> prompt, CancellationToken cancellation)
    {
        await foreach (GenerationChunk _ in engine.GenerateAsync(new GenerationRequest { Prompt = prompt, MaxTokens = 2 }, cancellation))
        {
        }
    }

    /// <summary>A JSON object a line: messages, as for chat, or prompt, a text.</summary>
    private static List<IReadOnlyList<int>> Read(InferenceEngine engine, string path)
    {
        List<IReadOnlyList<int>> prompts = [];
        int number = 0;
        foreach (string line in File.ReadLines(path, Encoding.UTF8))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            try
            {
                using JsonDocument document = JsonDocument.Parse(line);
                JsonFields fields = new(document.RootElement, "");
                if (fields.String("prompt") is { } text) prompts.Add(engine.Encode(text));
                else prompts.Add(engine.PrepareChat(new ChatInput { Messages = new JsonArray([.. fields.Items("messages", 4096).Select(item => new ChatMessage(item.Value, item.Path).ToTemplate())]) }).Prompt);
            }
            catch (Exception error) when (error is JsonException or ApiException or InvalidOperationException)
            {
                throw new InvalidDataException($"{path}: line {number}: {error.Message}", error);
            }
        }

        return prompts;
    }
}
