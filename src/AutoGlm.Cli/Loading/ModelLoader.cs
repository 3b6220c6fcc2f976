using AutoGlm.Cli.Output;
using AutoGlm.Engine;

namespace AutoGlm.Cli.Loading;

/// <summary>Loads models with a progress bar, and says what people should know about how it went.</summary>
internal static class ModelLoader
{
    public static async Task<InferenceEngine> LoadEngineAsync(Terminal terminal, string path, EngineOptions options, CancellationToken cancellation)
    {
        InferenceEngine engine = await WorkProgress.RunAsync(
            terminal,
            Label(path),
            (progress, token) => InferenceEngine.LoadAsync(path, options, progress, token).GetAwaiter().GetResult(),
            cancellation);
        Note(terminal, engine.Notices);
        return engine;
    }

    public static async Task<ModelRuntime> LoadRuntimeAsync(Terminal terminal, string path, EngineOptions options, CancellationToken cancellation)
    {
        ModelRuntime runtime = await WorkProgress.RunAsync(terminal, Label(path), (progress, token) => ModelRuntime.Load(path, options, progress, token), cancellation);
        Note(terminal, runtime.Notices);
        return runtime;
    }

    /// <summary>Says what people should know.</summary>
    public static void Note(Terminal terminal, IReadOnlyList<string> notices)
    {
        foreach (string notice in notices) terminal.Note(PlainText.OneLine(notice));
    }

    private static string Label(string path) => "Loading " + PlainText.OneLine(Path.GetFileName(Path.TrimEndingDirectorySeparator(path)));
}
