using System.CommandLine;
using System.CommandLine.Parsing;
using AutoGlm.Cli.Commands;

namespace AutoGlm.Cli.Tests;

public class HelpTests
{
    private static readonly string[] Names = ["run", "chat", "inspect", "tokenize", "template", "verify", "perplexity", "synth", "bench", "serve", "cache"];

    public static TheoryData<string> Verbs() => [.. Names];

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task Every_verb_has_help_with_examples_and_json(string verb)
    {
        CommandRun run = (await CommandRun.OfAsync(verb, "--help")).Succeeded();

        Assert.Contains("Examples:", run.Output);
        Assert.Contains("  autoglm " + verb, run.Output);
        // What a server has to tell it tells over HTTP.
        Assert.Equal(verb != "serve", run.Output.Contains("--json"));
        Assert.Equal("", run.Error);
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Examples_are_sound_command_lines(string name)
    {
        using Terminal terminal = new(TextReader.Null, TextWriter.Null, TextWriter.Null);
        RootCommand root = CommandLine.Build(terminal);
        Verb verb = root.Subcommands.OfType<Verb>().Single(command => command.Name == name);

        Assert.NotEmpty(verb.Examples);
        foreach (string example in verb.Examples)
        {
            string command = example.Split('|')[^1].Split(" < ")[0];
            string[] words = [.. CommandLineParser.SplitCommandLine(command)];
            Assert.Equal(["autoglm", name], words[..2]);
            Assert.Empty(root.Parse(words[1..]).Errors);
        }
    }

    [Fact]
    public async Task Help_lists_every_verb()
    {
        CommandRun run = (await CommandRun.OfAsync("--help")).Succeeded();

        Assert.All(Names, verb => Assert.Contains($"\n  {verb} ", run.Output));
    }

    [Fact]
    public async Task No_arguments_show_help_but_are_no_success()
    {
        CommandRun run = await CommandRun.OfAsync();

        Assert.Equal(2, run.ExitCode);
        Assert.Equal("", run.Output);
        Assert.Contains("Usage:", run.Error);
    }
}
