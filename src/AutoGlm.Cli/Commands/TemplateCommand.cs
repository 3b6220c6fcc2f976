using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using AutoGlm.Cli.Loading;
using AutoGlm.Cli.Options;
using AutoGlm.Cli.Output;
using AutoGlm.Formats;
using AutoGlm.Formats.Chat;
using AutoGlm.Formats.Tokenizers;
using AutoGlm.Models;

namespace AutoGlm.Cli.Commands;

/// <summary><c>autoglm template</c>: conversations as prompts.</summary>
internal sealed class TemplateCommand : Verb
{
    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = 256, AllowDuplicateProperties = false };

    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<string?> _file = new("--file", "-f")
    {
        Description = "A Jinja template instead of a model's.",
        HelpName = "FILE",
    };
    private readonly Option<string> _input = new("--input", "-i")
    {
        Description = "JSON: one input object (messages, tools, add_generation_prompt …), or {\"cases\": [{\"input\": …}, …]}; - reads the standard input.",
        HelpName = "CASES",
        Required = true,
    };
    private readonly Option<DateOnly?> _date = new("--date")
    {
        Description = "The day that templates see as today. Without it, today.",
        HelpName = "YYYY-MM-DD",
    };
    private readonly Option<bool> _json = CommonOptions.Json();

    public TemplateCommand(Terminal terminal)
        : base(
            terminal,
            "template",
            "Renders conversations by a chat template: the text that a model gets to see.",
            "autoglm template --input conversation.json",
            "autoglm template --file template.jinja --input cases.json --json")
    {
        Add(_model);
        Add(_file);
        Add(_input);
        Add(_date);
        Add(_json);
        Validators.Add(result =>
        {
            if (result.GetValue(_model) is not null && result.GetValue(_file) is not null) result.AddError("Both --model and --file name a template: give one of them.");
        });
    }

    protected override Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        string inputPath = arguments.GetRequiredValue(_input);
        List<JsonObject> inputs = ReadInputs(inputPath, out bool isFileOfCases);
        bool json = arguments.GetValue(_json);
        JsonObject defaults = [];
        ChatTemplate template;
        try
        {
            template = OpenTemplate(arguments, defaults);
        }
        catch (ChatTemplateException error) when (json)
        {
            // What is wrong with the template is each case's result.
            foreach (JsonObject _ in inputs) JsonOutput.WriteLine(Terminal, new { error = error.Message });
            return Task.FromResult(isFileOfCases ? ExitCode.Ok : ExitCode.Failed);
        }

        int failures = 0;
        for (int i = 0; i < inputs.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            foreach ((string name, JsonNode? value) in defaults) inputs[i].TryAdd(name, value?.DeepClone());
            if (!Render(template, inputs[i], json, isFileOfCases ? i + 1 : null)) failures++;
        }

        // In a file of cases for machines an error is a result like any other.
        return Task.FromResult(failures == 0 || (json && isFileOfCases) ? ExitCode.Ok : ExitCode.Failed);
    }

    private bool Render(ChatTemplate template, JsonObject input, bool json, int? number)
    {
        if (number is not null && !json) Terminal.Note($"--- case {number}");
        try
        {
            string text = template.Render(input);
            if (json) JsonOutput.WriteLine(Terminal, new { text });
            else if (number is null && !Terminal.OutputIsTerminal) Terminal.Out.Write(text);
            else Terminal.Out.WriteLine(Terminal.OutputIsTerminal ? PlainText.Clean(text) : text);
            return true;
        }
        catch (ChatTemplateException error)
        {
            if (json) JsonOutput.WriteLine(Terminal, new { error = error.Message });
            else ErrorReport.Write(Terminal, error.Message);
            return false;
        }
    }

    /// <summary>The template, and what its model adds to every input that does not give it.</summary>
    private ChatTemplate OpenTemplate(ParseResult arguments, JsonObject defaults)
    {
        TimeProvider clock = arguments.GetValue(_date) is { } date ? new FixedDay(date) : TimeProvider.System;
        if (arguments.GetValue(_file) is { } file) return ChatTemplate.Parse(TextFile.Read(file), file, clock);

        TokenizerSource source = TokenizerSource.Open(EmbeddedModel.OrGiven(arguments.GetValue(_model)));
        if (source.ChatTemplate is not { } template) throw new CommandFailure($"{source.Path}: chat template: the model has none; name one with --file");
        Tokenizer tokenizer = source.Tokenizer;
        if (tokenizer.BosId is { } bos) defaults["bos_token"] = tokenizer.TokenText(bos);
        if (tokenizer.EosId is { } eos) defaults["eos_token"] = tokenizer.TokenText(eos);
        return ChatTemplate.Parse(template, source.Path, clock);
    }

    private List<JsonObject> ReadInputs(string path, out bool isFileOfCases)
    {
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(path == "-" ? Terminal.In.ReadToEnd() : TextFile.Read(path).TrimStart('\uFEFF'), documentOptions: Reading);
        }
        catch (JsonException error)
        {
            throw new CommandFailure($"{path}: JSON: {error.Message}");
        }

        isFileOfCases = false;
        if (root is not JsonObject whole) throw new CommandFailure($"{path}: JSON: should be an object: an input, or {{\"cases\": […]}}");
        if (!whole.TryGetPropertyValue("cases", out JsonNode? cases)) return [whole];
        isFileOfCases = true;
        if (cases is not JsonArray all) throw new CommandFailure($"{path}: cases: should be a list");
        return [.. all.Select((entry, i) => (entry as JsonObject)?["input"] as JsonObject ?? throw new CommandFailure($"{path}: cases[{i}].input: should be an object"))];
    }

    /// <summary>A clock that stands at noon of a day.</summary>
    private sealed class FixedDay(DateOnly day) : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(day, new TimeOnly(12, 0), TimeSpan.Zero);
    }
}
