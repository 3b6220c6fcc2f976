using Spectre.Console;

namespace AutoGlm.Cli;

/// <summary>What a command reads and writes. Commands use nothing else of the process, so that tests can hold both ends.</summary>
internal sealed class Terminal : IDisposable
{
    private const int PlainWidth = 240;

    private readonly Lazy<IAnsiConsole> _console;
    private readonly Lazy<IAnsiConsole> _errorConsole;

    /// <param name="input">What the user types, or what is piped in.</param>
    /// <param name="output">Results.</param>
    /// <param name="error">All else: progress, statistics, notes and errors.</param>
    /// <param name="inputIsTerminal">True where a person types.</param>
    /// <param name="outputIsTerminal">True where a person reads results.</param>
    /// <param name="errorIsTerminal">True where a person reads the rest.</param>
    public Terminal(TextReader input, TextWriter output, TextWriter error, bool inputIsTerminal = false, bool outputIsTerminal = false, bool errorIsTerminal = false)
    {
        In = input;
        Out = output;
        Error = error;
        InputIsTerminal = inputIsTerminal;
        OutputIsTerminal = outputIsTerminal;
        ErrorIsTerminal = errorIsTerminal;
        _console = new(() => CreateConsole(output, outputIsTerminal));
        _errorConsole = new(() => CreateConsole(error, errorIsTerminal));
    }

    public TextReader In { get; }

    public TextWriter Out { get; }

    public TextWriter Error { get; }

    public bool InputIsTerminal { get; }

    public bool OutputIsTerminal { get; }

    public bool ErrorIsTerminal { get; }

    public Interrupts Interrupts { get; } = new();

    /// <summary>Tables and colours on <see cref="Out"/>; plain where nobody sees them.</summary>
    public IAnsiConsole Console => _console.Value;

    /// <summary>The same on <see cref="Error"/>.</summary>
    public IAnsiConsole ErrorConsole => _errorConsole.Value;

    /// <summary>The process's own.</summary>
    public static Terminal OfProcess()
    {
        bool capable = Environment.GetEnvironmentVariable("TERM") != "dumb";
        Terminal terminal = new(
            System.Console.In,
            System.Console.Out,
            System.Console.Error,
            !System.Console.IsInputRedirected,
            capable && !System.Console.IsOutputRedirected,
            capable && !System.Console.IsErrorRedirected);
        terminal.Interrupts.Listen();
        return terminal;
    }

    /// <summary>A line about what goes on, on <see cref="Error"/>.</summary>
    public void Note(string text) => ErrorConsole.MarkupLine($"[grey]{Markup.Escape(text)}[/]");

    public void Dispose() => Interrupts.Dispose();

    private static IAnsiConsole CreateConsole(TextWriter writer, bool isTerminal)
    {
        bool colours = isTerminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isTerminal ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = colours ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Yes : InteractionSupport.No,
        });
        if (!isTerminal) console.Profile.Width = PlainWidth;
        return console;
    }
}
