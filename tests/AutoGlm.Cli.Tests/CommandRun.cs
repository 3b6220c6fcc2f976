using System.Text.Json.Nodes;

namespace AutoGlm.Cli.Tests;

/// <summary>A command line that has run in this process.</summary>
internal sealed record CommandRun(int ExitCode, string Output, string Error)
{
    /// <summary>The output as JSON, a value a line.</summary>
    public JsonNode[] Json => [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];

    /// <summary>Runs a command line with nothing on its standard input.</summary>
    public static Task<CommandRun> OfAsync(params string[] arguments) => WithInputAsync("", arguments);

    /// <summary>Runs a command line.</summary>
    public static async Task<CommandRun> WithInputAsync(string input, params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        using Terminal terminal = new(new StringReader(input), output, error);
        int code = await CommandLine.RunAsync(arguments, terminal);
        return new CommandRun(code, output.ToString(), error.ToString());
    }

    /// <summary>Says that it succeeded, else shows why not.</summary>
    public CommandRun Succeeded()
    {
        Assert.True(ExitCode == 0, Error);
        return this;
    }

    /// <summary>Says that it failed with one clear line and nothing else.</summary>
    public void FailedWith(int exitCode, params ReadOnlySpan<string> parts)
    {
        Assert.Equal(exitCode, ExitCode);
        Assert.Equal("", Output);
        string[] lines = Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("error: ", lines[0]);
        Assert.DoesNotContain(lines, line => line.StartsWith("   at ", StringComparison.Ordinal));
        if (exitCode == 1) Assert.Single(lines);
        foreach (string part in parts) Assert.Contains(part, lines[0]);
    }
}
