using System.Text.RegularExpressions;

namespace AutoGlm.EndToEnd.Tests;

public partial class ReadmeTests
{
    [Fact]
    public void The_sample_is_the_one_that_is_compiled()
    {
        string readme = File.ReadAllText(TestData.InRepository("README.md"));
        string source = File.ReadAllText(TestData.InRepository("tests", "AutoGlm.EndToEnd.Tests", "ReadmeSample.cs"));
        string[] compiled = Lines(Marked().Match(source).Groups["code"].Value);
        string[] shown = Lines(Sample().Match(readme).Groups["code"].Value);

        Assert.NotEmpty(compiled);
        Assert.Equal(compiled, shown.Where(line => !line.StartsWith("using AutoGlm.", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_sample_runs()
    {
        Environment.CurrentDirectory = TestData.Root;
        TextWriter before = Console.Out;
        using StringWriter output = new();
        Console.SetOut(output);
        try
        {
            await ReadmeSample.RunAsync();
        }
        finally
        {
            Console.SetOut(before);
        }

        Assert.Matches(@"\p{L}{3}[\s\S]*\n\d+ tokens/s", output.ToString());
    }

    private static string[] Lines(string code) => [.. code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0)];

    [GeneratedRegex(@"```csharp\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Sample();

    [GeneratedRegex(@"// begin\n(?<code>.*?)// end", RegexOptions.Singleline)]
    private static partial Regex Marked();
}
