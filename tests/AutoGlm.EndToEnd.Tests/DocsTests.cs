using System.Text.RegularExpressions;

namespace AutoGlm.EndToEnd.Tests;

/// <summary>Every command line that the docs show works.</summary>
public sealed partial class DocsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("autoglm-docs-").FullName;

    public static TheoryData<string> Commands()
    {
        IEnumerable<string> pages = [TestData.InRepository("README.md"), .. Directory.GetFiles(TestData.InRepository("docs"), "*.md")];
        IEnumerable<string> blocks = pages.SelectMany(page => ShellBlock().Matches(File.ReadAllText(page)).Select(match => match.Groups["code"].Value));
        return new(blocks.SelectMany(block => block.Split('\n')).Where(line => line.StartsWith("autoglm ", StringComparison.Ordinal)).Distinct());
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task A_command_of_the_docs_works(string command)
    {
        string[] words = [.. Word().Matches(command).Skip(1).Select(match => match.Value.Trim('"'))];

        (int exitCode, string output, string error) = await Autoglm.RunAsync(words, _folder, "Hello!\n/exit\n");

        Assert.True(exitCode == 0, $"{command}: exit code {exitCode}: {error}");
        Assert.NotEqual("", output + error);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [GeneratedRegex(@"```sh\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex ShellBlock();

    [GeneratedRegex("\"[^\"]*\"|\\S+")]
    private static partial Regex Word();
}
