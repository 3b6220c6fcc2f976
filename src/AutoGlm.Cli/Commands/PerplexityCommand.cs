using System.CommandLine;
using System.Globalization;
using AutoGlm.Cli.Loading;
using AutoGlm.Cli.Options;
using AutoGlm.Cli.Output;
using AutoGlm.Engine;
using AutoGlm.Engine.Evaluation;

namespace AutoGlm.Cli.Commands;

/// <summary><c>autoglm perplexity</c>: how well a model predicts a text.</summary>
internal sealed class PerplexityCommand : Verb
{
    private const int DefaultChunk = 512;

    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<string> _file = new("--file", "-f") { Description = "The text, UTF-8.", HelpName = "TEXT", Required = true };
    private readonly Option<int> _chunk = new Option<int>("--ctx")
    {
        Description = "Tokens of a chunk, whose second half is scored.",
        HelpName = "N",
        DefaultValueFactory = _ => DefaultChunk,
    }.Between(PerplexityMeter.MinChunk, 1 << 20);
    private readonly Option<int?> _chunks = new Option<int?>("--chunks")
    {
        Description = "Stop after so many chunks.",
        HelpName = "N",
    }.Between(1, int.MaxValue);
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly RuntimeOptions _runtime;

    public PerplexityCommand(Terminal terminal)
        : base(
            terminal,
            "perplexity",
            "Measures how well a model predicts a text, as llama.cpp's perplexity does.",
            "autoglm perplexity -m model.gguf --file wiki.test.raw",
            "autoglm perplexity --file text.txt --ctx 256 --chunks 10 --json")
    {
        Add(_model);
        Add(_file);
        Add(_chunk);
        Add(_chunks);
        _runtime = new RuntimeOptions(this, withContext: false);
        Add(_json);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        string path = arguments.GetRequiredValue(_file), text = TextFile.Read(path);
        int chunk = arguments.GetValue(_chunk);
        EngineOptions options = _runtime.Read(arguments) with { Context = chunk };
        using ModelRuntime runtime = await ModelLoader.LoadRuntimeAsync(Terminal, EmbeddedModel.OrGiven(arguments.GetValue(_model)), options, cancellation);
        PerplexityMeter meter = new(runtime, chunk);
        int[] tokens = PerplexityMeter.Encode(runtime.Package.Tokenizer, text);
        ModelLoader.Note(Terminal, runtime.Package.Notices);
        if (tokens.Length < chunk)
        {
            throw new CommandFailure(
                $"{path}: length: has {tokens.Length:N0} tokens, less than one chunk of {chunk:N0}; give a longer text, or a smaller --ctx");
        }

        PerplexityResult result = await WorkProgress.RunAsync(
            Terminal, "Perplexity", (progress, token) => meter.Measure(tokens, arguments.GetValue(_chunks), new Shown(progress), token), cancellation);
        if (arguments.GetValue(_json)) WriteJson(runtime, result, tokens.Length, chunk);
        else Terminal.Out.WriteLine($"{Text(result)} ({result.ChunkCount} chunks of {chunk} tokens, {result.ScoredTokens:N0} scored)");
        return ExitCode.Ok;
    }

    private void WriteJson(ModelRuntime runtime, PerplexityResult result, int tokens, int chunk) => JsonOutput.WriteLine(Terminal, new
    {
        model = runtime.Package.Name,
        perplexity = result.Perplexity,
        error = result.Error,
        mean_loss = result.MeanLoss,
        chunks = result.ChunkCount,
        ctx = chunk,
        tokens,
        scored_tokens = result.ScoredTokens,
        backend = runtime.BackendName,
    });

    private static string Text(PerplexityResult result) => string.Create(CultureInfo.InvariantCulture, $"perplexity: {result.Perplexity:F4} ± {result.Error:F4}");

    /// <summary>Shows the result so far beside the bar.</summary>
    private sealed class Shown(WorkProgress progress) : IProgress<PerplexityResult>
    {
        public void Report(PerplexityResult value)
        {
            progress.Report((double)value.Chunks / value.ChunkCount);
            progress.Label = Text(value);
        }
    }
}
