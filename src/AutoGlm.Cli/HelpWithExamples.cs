using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using AutoGlm.Cli.Commands;

namespace AutoGlm.Cli;

/// <summary>The usual help, and examples below it.</summary>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int code = help.Invoke(parseResult);
        if (parseResult.CommandResult.Command is not Verb { Examples.Count: > 0 } verb) return code;
        TextWriter output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (string example in verb.Examples) output.WriteLine("  " + example);
        output.WriteLine();
        return code;
    }
}
