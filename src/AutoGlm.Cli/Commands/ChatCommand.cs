using System.CommandLine;
using AutoGlm.Cli.Generation;
using AutoGlm.Cli.Loading;
using AutoGlm.Cli.Options;
using AutoGlm.Engine;

namespace AutoGlm.Cli.Commands;

/// <summary><c>autoglm chat</c>: a conversation.</summary>
internal sealed class ChatCommand : Verb
{
    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<int?> _tokens = GenerationOptions.MaxTokens();
    private readonly Option<string?> _system = GenerationOptions.System();
    private readonly Option<string[]> _stop = GenerationOptions.Stop();
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly SamplingOptionGroup _sampling;
    private readonly RuntimeOptions _runtime;

    public ChatCommand(Terminal terminal)
        : base(
            terminal,
            "chat",
            "Talks with a model. What was said before is not computed again; /help lists what else can be typed.",
            "autoglm chat",
            "autoglm chat -m model.gguf --system \"You are a terse assistant.\" --temp 0.7",
            "printf 'Hello!\\nWho are you?\\n' | autoglm chat --json")
    {
        Add(_model);
        Add(_tokens);
        Add(_system);
        Add(_stop);
        _sampling = new SamplingOptionGroup(this);
        _runtime = new RuntimeOptions(this);
        Add(_json);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        bool json = arguments.GetValue(_json);
        string path = EmbeddedModel.OrGiven(arguments.GetValue(_model));
        await using InferenceEngine engine = await ModelLoader.LoadEngineAsync(Terminal, path, _runtime.Read(arguments), cancellation);
        if (engine.Model.ChatTemplate is null)
            throw new CommandFailure($"{engine.Model.Path}: chat template: the model has none, so it cannot chat; 'autoglm run --raw' goes on from a text");

        GenerationRequest settings = new()
        {
            Prompt = [],
            MaxTokens = arguments.GetValue(_tokens),
            Sampling = _sampling.Read(arguments, engine.DefaultSampling),
            StopTexts = arguments.GetValue(_stop) ?? [],
        };
        if (!json) Terminal.Note($"{engine.Model.Name}, context {engine.Context:N0} tokens, on {engine.BackendName}. /help lists the commands.");
        ChatSession session = new(Terminal, engine, settings, json) { System = arguments.GetValue(_system) };
        await session.RunAsync(cancellation);
        return Terminal.Interrupts.WasTerminated ? Terminal.Interrupts.ExitCode : ExitCode.Ok;
    }
}
