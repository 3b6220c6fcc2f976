using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using AutoGlm.Cli.Commands;

namespace AutoGlm.Cli;

/// <summary>The <c>autoglm</c> command line.</summary>
internal static class CommandLine
{
    /// <summary>Runs a command line.</summary>
    /// <returns>The exit code: 0, 1 where the command failed, 2 where the command line is wrong, 130 after Ctrl-C.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, Terminal terminal)
    {
        // A prompt may begin with @, which would name a file of arguments.
        ParserConfiguration parsing = new() { ResponseFileTokenReplacer = null };
        ParseResult result = Build(terminal).Parse(arguments, parsing);
        if (arguments.Count == 0)
        {
            // Somebody who looks around: all of it, but still no success.
            await Build(terminal).Parse(["--help"], parsing).InvokeAsync(new InvocationConfiguration { Output = terminal.Error, Error = terminal.Error });
            return ExitCode.Usage;
        }

        bool isWrong = result.Action is ParseErrorAction;
        if (isWrong || result.CommandResult.Command.Action == result.Action)
        {
            if (FindMistakenOption(result) is { } option)
                return Refuse(terminal, result, [$"Unrecognized option '{option}'; write -- before a text that begins with a dash."]);
            if (isWrong) return Refuse(terminal, result, result.Errors.Select(error => error.Message));
        }

        InvocationConfiguration invocation = new()
        {
            Output = terminal.Out,
            Error = terminal.Error,
            EnableDefaultExceptionHandler = false,
            // Signals are the terminal's.
            ProcessTerminationTimeout = null,
        };
        return await result.InvokeAsync(invocation, terminal.Interrupts.Token);
    }

    internal static RootCommand Build(Terminal terminal)
    {
        RootCommand root = new("Runs language models: GGUF files and Hugging Face folders.")
        {
            new RunCommand(terminal),
            new ChatCommand(terminal),
            new InspectCommand(terminal),
            new TokenizeCommand(terminal),
            new TemplateCommand(terminal),
            new VerifyCommand(terminal),
            new PerplexityCommand(terminal),
            new SynthCommand(terminal),
            new ServeCommand(terminal),
            new BenchCommand(terminal),
            new CacheCommand(terminal),
        };
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }

    /// <summary>What looks like an option but is none, and was taken for an argument such as a prompt.</summary>
    private static string? FindMistakenOption(ParseResult result)
    {
        if (result.Tokens.Any(token => token.Type == TokenType.DoubleDash)) return null;
        IEnumerable<string> values = result.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).Select(token => token.Value);
        return values.FirstOrDefault(value => value.Length > 1 && value[0] == '-' && (value[1] == '-' || char.IsAsciiLetter(value[1])));
    }

    private static int Refuse(Terminal terminal, ParseResult result, IEnumerable<string> errors)
    {
        string[] messages = [.. errors.Select(Plain).Distinct()];
        // Where an argument is unknown, that no command was found is no news.
        string missing = "Required command was not provided.";
        foreach (string message in messages.Length > 1 ? messages.Where(message => message != missing) : messages) ErrorReport.Write(terminal, message);
        string name = result.CommandResult.Command is Verb verb ? string.Join(' ', ["autoglm", .. verb.Parents.OfType<Verb>().Select(parent => parent.Name), verb.Name]) : "autoglm";
        terminal.Error.WriteLine($"See '{name} --help'.");
        return ExitCode.Usage;
    }

    /// <summary>The parser names .NET's types, which are no help to users, and puts what it would take on lines of their own.</summary>
    private static string Plain(string message)
    {
        if (message.EndsWith(".gguf'.", StringComparison.OrdinalIgnoreCase)) return message + " A model's file is named by -m.";
        int type = message.IndexOf(" as expected type '", StringComparison.Ordinal);
        if (type < 0) return message.ReplaceLineEndings("\n").Replace(":\n\t", ": ", StringComparison.Ordinal).Replace("\n\t", ", ", StringComparison.Ordinal);
        string wanted = message.Contains("Single", StringComparison.Ordinal) || message.Contains("Double", StringComparison.Ordinal) ? "a number"
            : message.Contains("DateOnly", StringComparison.Ordinal) ? "a day such as 2026-01-31" : "a whole number";
        return $"{message[..type]}: should be {wanted}.";
    }
}
