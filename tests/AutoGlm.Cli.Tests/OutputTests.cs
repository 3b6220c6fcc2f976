using AutoGlm.Cli.Output;

namespace AutoGlm.Cli.Tests;

public class OutputTests
{
    [Theory]
    [InlineData("plain ü 你 🎉\n\ttext", "plain ü 你 🎉\n\ttext")]
    [InlineData("\u001b[2Jgone", "\\u001B[2Jgone")]
    [InlineData("a\rb\u0007\u009b", "a\\rb\\u0007\\u009B")]
    [InlineData("\u202eabc", "\\u202Eabc")]
    public void Text_cannot_steer_the_terminal(string text, string expected) => Assert.Equal(expected, PlainText.Clean(text));

    [Fact]
    public void One_line_is_one_line()
    {
        Assert.Equal("a\\nb\\tc", PlainText.OneLine("a\nb\tc"));
        Assert.Equal("abcd…", PlainText.Abridged("abcdefgh", 5));
        Assert.Equal("abcde", PlainText.Abridged("abcde", 5));
    }

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.0 KiB")]
    [InlineData(49629952, "47.3 MiB")]
    [InlineData(5e12, "4.5 TiB")]
    public void Sizes_come_in_the_unit_that_suits_them(double bytes, string expected) => Assert.Equal(expected, Numbers.Bytes(bytes));

    [Fact]
    public void Interrupts_end_the_innermost_scope_then_the_command_then_nothing()
    {
        using Interrupts interrupts = new();
        using (Interrupts.Scope scope = interrupts.Begin())
        {
            Assert.True(interrupts.Raise());
            Assert.True(scope.Token.IsCancellationRequested);
            Assert.False(interrupts.Token.IsCancellationRequested);
            Assert.True(interrupts.Raise());
            Assert.True(interrupts.Token.IsCancellationRequested);
        }

        Assert.False(interrupts.Raise());
    }

    [Fact]
    public async Task Progress_shows_on_a_terminal_alone()
    {
        async Task<string> Show(bool isTerminal)
        {
            using WatchedWriter error = new("Working");
            using Terminal terminal = new(TextReader.Null, TextWriter.Null, error, errorIsTerminal: isTerminal);
            int result = await WorkProgress.RunAsync(terminal, "Working", (progress, token) =>
            {
                progress.Report(0.5);
                // As long as it takes until it shows; else as long as it usually does.
                error.Seen.Wait(isTerminal ? TimeSpan.FromMinutes(5) : TimeSpan.FromSeconds(1), token);
                return 7;
            }, CancellationToken.None);
            Assert.Equal(7, result);
            return error.ToString();
        }

        Assert.Contains("Working", await Show(true));
        Assert.Equal("", await Show(false));
    }
}
