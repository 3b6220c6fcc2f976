using System.CommandLine;
using AutoGlm.Cli.Generation;
using AutoGlm.Cli.Loading;
using AutoGlm.Cli.Options;
using AutoGlm.Cli.Output;
using AutoGlm.Engine;
using AutoGlm.Formats.Chat;

namespace AutoGlm.Cli.Commands;

/// <summary><c>autoglm run</c>: one answer.</summary>
internal sealed class RunCommand : Verb
{
    private readonly Argument<string?> _prompt = new("PROMPT")
    {
        Description = "What to say to the model; - or nothing reads it from the standard input.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<int?> _tokens = GenerationOptions.MaxTokens();
    private readonly Option<bool> _raw = new("--raw") { Description = "Give the model the prompt as it is, without its chat template." };
    private readonly Option<string?> _system = GenerationOptions.System();
    private readonly Option<string[]> _stop = GenerationOptions.Stop();
    private readonly Option<int?> _logProbabilities = new Option<int?>("--logprobs")
    {
        Description = "Show each token's log-probability and those of the N likeliest.",
        HelpName = "N",
    }.Between(0, 100);
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly SamplingOptionGroup _sampling;
    private readonly RuntimeOptions _runtime;

    public RunCommand(Terminal terminal)
        : base(
            terminal,
            "run",
            "Answers one prompt and streams the answer, then says how fast it was.",
            "autoglm run \"Tell me a short story about a lighthouse.\"",
            "autoglm run -m model.gguf -n 100 --temp 0 --raw \"Once upon a time\"",
            "autoglm run -m ./Qwen3-0.6B --system \"Answer in French.\" --json - < question.txt")
    {
        Add(_prompt);
        Add(_model);
        Add(_tokens);
        Add(_system);
        Add(_raw);
        Add(_stop);
        Add(_logProbabilities);
        _sampling = new SamplingOptionGroup(this);
        _runtime = new RuntimeOptions(this);
        Add(_json);
        Validators.Add(result =>
        {
            if (result.GetValue(_raw) && result.GetValue(_system) is not null)
                result.AddError("--system goes with the chat template, which --raw leaves out: give one of them.");
        });
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        string prompt = ReadPrompt(arguments.GetValue(_prompt));
        bool json = arguments.GetValue(_json);
        string path = EmbeddedModel.OrGiven(arguments.GetValue(_model));
        await using InferenceEngine engine = await ModelLoader.LoadEngineAsync(Terminal, path, _runtime.Read(arguments), cancellation);
        GenerationRequest request = new()
        {
            Prompt = Encode(engine, arguments, prompt),
            MaxTokens = arguments.GetValue(_tokens),
            Sampling = _sampling.Read(arguments, engine.DefaultSampling),
            StopTexts = arguments.GetValue(_stop) ?? [],
            LogProbabilities = arguments.GetValue(_logProbabilities),
        };
        Answer answer = await AnswerStream.ReadAsync(engine, request, json ? null : Terminal.Out, Terminal.OutputIsTerminal, cancellation);
        if (json)
        {
            JsonOutput.WriteLine(Terminal, AnswerReport.Json(answer, engine, request));
        }
        else
        {
            Terminal.Out.WriteLine();
            if (request.LogProbabilities is not null) AnswerReport.WriteLogProbabilities(Terminal, answer, engine.Tokenizer);
            Terminal.Note(AnswerReport.Line(answer));
        }

        return answer.WasInterrupted ? Terminal.Interrupts.ExitCode : ExitCode.Ok;
    }

    private string ReadPrompt(string? given)
    {
        if (given is not (null or "-")) return given;
        if (given is null && Terminal.InputIsTerminal) throw new UsageException("there is no prompt: give one in quotes, or pipe one in; see 'autoglm run --help'");
        string text = Terminal.In.ReadToEnd();
        return text.EndsWith('\n') ? text[..^1].TrimEnd('\r') : text;
    }

    private IReadOnlyList<int> Encode(InferenceEngine engine, ParseResult arguments, string prompt)
    {
        if (prompt.Length == 0) throw new CommandFailure("the prompt is empty: there is nothing to answer");
        bool raw = arguments.GetValue(_raw);
        if (!raw && engine.Model.ChatTemplate is not null)
        {
            ChatTurn user = new("user", prompt);
            return engine.EncodeChat(arguments.GetValue(_system) is { } system ? [new ChatTurn("system", system), user] : [user]);
        }

        if (arguments.GetValue(_system) is not null) throw new CommandFailure($"{engine.Model.Path}: chat template: there is none, and --system needs one");
        if (!raw) Terminal.Note($"{engine.Model.Name} has no chat template: the prompt goes to it as it is.");
        return engine.Encode(prompt);
    }
}
