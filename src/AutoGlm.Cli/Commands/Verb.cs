using System.CommandLine;

namespace AutoGlm.Cli.Commands;

/// <summary>A command of autoglm.</summary>
internal abstract class Verb : Command
{
    /// <param name="terminal">What it reads and writes.</param>
    /// <param name="name">Its name on the command line.</param>
    /// <param name="description">What it does, in a sentence or two.</param>
    /// <param name="examples">Whole command lines that <c>--help</c> shows.</param>
    protected Verb(Terminal terminal, string name, string description, params string[] examples)
        : base(name, description)
    {
        Terminal = terminal;
        Examples = examples;
        SetAction((arguments, cancellation) => ErrorReport.GuardAsync(terminal, () => RunAsync(arguments, cancellation)));
    }

    public IReadOnlyList<string> Examples { get; }

    protected Terminal Terminal { get; }

    /// <returns>The exit code.</returns>
    protected abstract Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation);
}
