using AutoGlm.Engine;

namespace AutoGlm.EndToEnd.Tests;

/// <summary>The README's sample, compiled: the lines between the marks are the README's.</summary>
internal static class ReadmeSample
{
    public static async Task RunAsync()
    {
        // begin
        await using InferenceEngine engine = await InferenceEngine.LoadAsync("models/autoglm-mini.gguf");
        var prompt = engine.EncodeChat([new("user", "Name three colours.")]);
        await foreach (GenerationChunk chunk in engine.GenerateAsync(new GenerationRequest { Prompt = prompt, MaxTokens = 64 }))
        {
            Console.Write(chunk.Text);
            if (chunk.Statistics is { } statistics) Console.WriteLine($"\n{statistics.GenerationRate:F0} tokens/s");
        }
        // end
    }
}
