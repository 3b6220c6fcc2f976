using AutoGlm.Cli.Output;
using AutoGlm.Engine;
using AutoGlm.Formats.Chat;
using Spectre.Console;

namespace AutoGlm.Cli.Generation;

/// <summary>A chat: reads what the user types, a message or a /command, and answers, until the input ends.</summary>
internal sealed class ChatSession(Terminal terminal, InferenceEngine engine, GenerationRequest settings, bool json)
{
    private const int ReservedForAnswer = 256;

    private const string Help = """
        /help          this text
        /reset         forget the conversation, but for the system message
        /system TEXT   set the system message (without TEXT: remove it), and start over
        /save [FILE]   write the conversation to a file, as JSON
        /exit          leave (Ctrl-D and Ctrl-C do too)
        A line that ends with \ goes on in the next one. Ctrl-C ends an answer.
        """;

    private readonly Conversation _conversation = new(engine);

    public string? System
    {
        set => _conversation.System = value;
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        while (await ReadMessageAsync(cancellation) is { } message)
        {
            if (message.Length == 0) continue;
            if (message[0] != '/') await AnswerAsync(message, cancellation);
            else if (!Obey(message)) return;
        }
    }

    /// <summary>A message of one or more lines; null where the input has ended or Ctrl-C was pressed.</summary>
    private async Task<string?> ReadMessageAsync(CancellationToken cancellation)
    {
        List<string> lines = [];
        while (true)
        {
            if (terminal.InputIsTerminal && !json) terminal.Console.Markup(lines.Count == 0 ? "[green]> [/]" : "[green]… [/]");
            string? line = await ReadLineAsync(cancellation);
            if (line is null) return lines.Count == 0 ? null : string.Join('\n', lines).Trim();
            bool more = line.EndsWith('\\');
            lines.Add(more ? line[..^1] : line);
            if (!more) return string.Join('\n', lines).Trim();
        }
    }

    private async Task<string?> ReadLineAsync(CancellationToken cancellation)
    {
        // Reading the console cannot be cancelled; it is left behind, and ends with the process.
        Task<string?> reading = Task.Run(terminal.In.ReadLine, CancellationToken.None);
        try
        {
            string? line = await reading.WaitAsync(cancellation);
            if (line is null && terminal.InputIsTerminal) terminal.Out.WriteLine();
            return line;
        }
        catch (OperationCanceledException)
        {
            terminal.Out.WriteLine();
            return null;
        }
    }

    /// <summary>Does a /command; false where it ends the chat.</summary>
    private bool Obey(string message)
    {
        string[] words = message.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string? rest = words.Length > 1 ? words[1] : null;
        switch (words[0])
        {
            case "/exit" or "/quit" or "/bye":
                return false;
            case "/help" or "/?":
                foreach (string line in Help.Split('\n')) terminal.Note(line);
                break;
            case "/reset":
                _conversation.Reset();
                terminal.Note("The conversation starts over.");
                break;
            case "/system":
                _conversation.Reset();
                _conversation.System = rest;
                terminal.Note($"{(rest is null ? "There is no system message now" : "The system message is set")}; the conversation starts over.");
                break;
            case "/save":
                Save(rest ?? $"chat-{DateTime.Now:yyyyMMdd-HHmmss}.json");
                break;
            default:
                terminal.Note($"There is no {words[0]}; /help lists the commands.");
                break;
        }

        return true;
    }

    private void Save(string path)
    {
        try
        {
            _conversation.Save(path);
            terminal.Note($"Saved {_conversation.Count} messages to {path}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            ErrorReport.Write(terminal, $"{path}: save: {error.Message}");
        }
    }

    private async Task AnswerAsync(string message, CancellationToken cancellation)
    {
        _conversation.AddUser(message);
        if (Encode() is not { } prompt)
        {
            _conversation.RemoveLast();
            return;
        }

        int? mostTokens = settings.MaxTokens is { } most ? Math.Min(most, engine.Context - prompt.Count) : null;
        GenerationRequest request = settings with { Prompt = prompt, MaxTokens = mostTokens };
        Answer answer;
        using (Interrupts.Scope scope = terminal.Interrupts.Begin())
        {
            answer = await AnswerStream.ReadAsync(engine, request, json ? null : terminal.Out, terminal.OutputIsTerminal, scope.Token);
        }

        _conversation.AddAssistant(answer.Text);
        if (json)
        {
            JsonOutput.WriteLine(terminal, AnswerReport.Json(answer, engine, request));
            return;
        }

        terminal.Out.WriteLine();
        terminal.Note(AnswerReport.Line(answer));
        if (prompt.Count + answer.Statistics.GeneratedTokens >= engine.Context)
            terminal.Note($"The context of {engine.Context:N0} tokens is full. /reset starts over; --ctx N gives a longer one.");
        terminal.Out.WriteLine();
        cancellation.ThrowIfCancellationRequested();
    }

    /// <summary>The conversation's tokens; null, with an error shown, where they cannot be had.</summary>
    private IReadOnlyList<int>? Encode()
    {
        try
        {
            int room = Math.Min(settings.MaxTokens ?? ReservedForAnswer, engine.Context / 4);
            IReadOnlyList<int> prompt = _conversation.Encode(room, out int dropped);
            if (dropped > 0)
            {
                terminal.Note(
                    $"The conversation no longer fits the context of {engine.Context:N0} tokens: its {dropped} oldest messages were dropped. "
                    + "/reset starts over; --ctx N gives a longer context.");
            }

            return prompt;
        }
        catch (Exception error) when (error is ContextLengthException or ChatTemplateException)
        {
            ErrorReport.Write(terminal, error.Message);
            return null;
        }
    }
}
