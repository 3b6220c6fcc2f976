using System.CommandLine;
using System.Globalization;
using System.Text;
using AutoGlm.Cli.Loading;
using AutoGlm.Cli.Options;
using AutoGlm.Cli.Output;
using AutoGlm.Formats.Tokenizers;
using AutoGlm.Models;
using Spectre.Console;

namespace AutoGlm.Cli.Commands;

/// <summary><c>autoglm tokenize</c>: the ids of a text.</summary>
internal sealed class TokenizeCommand : Verb
{
    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<string?> _text = new("--text", "-t") { Description = "The text.", HelpName = "TEXT" };
    private readonly Option<string[]> _files = new("--file", "-f")
    {
        Description = "Files of text; several give one line of JSON each.",
        HelpName = "FILE",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<bool> _noSpecial = new("--no-special") { Description = "Take special tokens in the text as plain text." };
    private readonly Option<bool> _bos = new("--bos") { Description = "Begin with the beginning-of-text token, if the model has one." };
    private readonly Option<bool> _json = CommonOptions.Json();

    public TokenizeCommand(Terminal terminal)
        : base(
            terminal,
            "tokenize",
            "Shows the token ids of a text. A GGUF file with a vocabulary alone will do.",
            "autoglm tokenize --text \"Hello, world!\"",
            "autoglm tokenize -m model.gguf --file a.txt b.txt --json")
    {
        Add(_model);
        Add(_text);
        Add(_files);
        Add(_noSpecial);
        Add(_bos);
        Add(_json);
        Validators.Add(result =>
        {
            bool text = result.GetResult(_text) is not null, files = result.GetResult(_files) is not null;
            if (text == files) result.AddError("Give either --text TEXT or --file FILE.");
        });
    }

    protected override Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        Tokenizer tokenizer = TokenizerSource.Open(EmbeddedModel.OrGiven(arguments.GetValue(_model))).Tokenizer;
        if (tokenizer.Notice is { } notice) Terminal.Note(PlainText.OneLine(notice));
        bool parseSpecial = !arguments.GetValue(_noSpecial), bos = arguments.GetValue(_bos), json = arguments.GetValue(_json);
        if (arguments.GetValue(_text) is { } text)
        {
            int[] ids = Encode(tokenizer, text, parseSpecial, bos);
            if (json) JsonOutput.WriteLine(Terminal, new { ids });
            else WriteTable(tokenizer, ids);
            return Task.FromResult(ExitCode.Ok);
        }

        string[] files = arguments.GetValue(_files) ?? [];
        foreach (string file in files)
        {
            cancellation.ThrowIfCancellationRequested();
            int[] ids = Encode(tokenizer, TextFile.Read(file), parseSpecial, bos);
            if (json || files.Length > 1) JsonOutput.WriteLine(Terminal, new { file, ids });
            else WriteTable(tokenizer, ids);
        }

        return Task.FromResult(ExitCode.Ok);
    }

    private static int[] Encode(Tokenizer tokenizer, string text, bool parseSpecial, bool bos)
    {
        int[] ids = tokenizer.Encode(text, addSpecial: false, parseSpecial);
        return bos && tokenizer.BosId is { } first ? [first, .. ids] : ids;
    }

    private void WriteTable(Tokenizer tokenizer, int[] ids)
    {
        Table table = Tables.Create(Terminal, ">id", "piece", "text");
        foreach (int id in ids)
        {
            string text = Encoding.UTF8.GetString(tokenizer.TokenBytes(id));
            table.Add(id.ToString(CultureInfo.InvariantCulture), tokenizer.TokenText(id), $"\"{text}\"");
        }

        Tables.Write(Terminal, table);
        Terminal.Note($"{ids.Length:N0} tokens");
    }
}
