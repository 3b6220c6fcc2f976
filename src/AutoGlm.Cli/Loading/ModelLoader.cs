using AutoGlm.Cli.Output;
using AutoGlm.Engine;

namespace AutoGlm.Cli.Loading;

/// <summary>Loads models with a progress bar.</summary>
internal static class ModelLoader
{
    public static Task<InferenceEngine> LoadEngineAsync(Terminal terminal, string path, EngineOptions options, CancellationToken cancellation) =>
        WorkProgress.RunAsync(
            terminal,
            Label(path),
            (progress, token) => InferenceEngine.LoadAsync(path, options, progress, token).GetAwaiter().GetResult(),
            cancellation);

    public static Task<ModelRuntime> LoadRuntimeAsync(Terminal terminal, string path, EngineOptions options, CancellationToken cancellation) =>
        WorkProgress.RunAsync(terminal, Label(path), (progress, token) => ModelRuntime.Load(path, options, progress, token), cancellation);

    private static string Label(string path) => "Loading " + PlainText.OneLine(Path.GetFileName(Path.TrimEndingDirectorySeparator(path)));
}
