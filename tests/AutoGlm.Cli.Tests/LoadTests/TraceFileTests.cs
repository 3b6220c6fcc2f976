using AutoGlm.Cli.LoadTests;

namespace AutoGlm.Cli.Tests.LoadTests;

public sealed class TraceFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void Mooncake_requests_share_the_text_of_equal_blocks()
    {
        string trace = _folder.Write("trace.jsonl", """
            {"timestamp": 0, "input_length": 1000, "output_length": 50, "hash_ids": [7, 8]}
            {"timestamp": 3000, "input_length": 1400, "output_length": 20, "hash_ids": [7, 9, 10]}
            """);

        IReadOnlyList<LoadSession> sessions = new TraceFile(trace, scale: 0.1, rate: 2).Sessions(10);

        Assert.Equal([TimeSpan.Zero, TimeSpan.FromSeconds(1.5)], sessions.Select(session => session.Start));
        Assert.Equal([5, 2], sessions.Select(session => session.Turns.Single().OutputTokens));
        string[][] words = [.. sessions.Select(session => session.Turns.Single().Text.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        Assert.Equal([51 + 49, 51 + 51 + 38], words.Select(text => text.Length));
        Assert.Equal(words[0][..51], words[1][..51]);
        Assert.NotEqual(words[0][51..90], words[1][51..90]);
    }

    [Fact]
    public void Azure_requests_come_at_their_times()
    {
        string trace = _folder.Write("trace.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.6805900,396,109\n2023-11-16 18:15:51.0,1,1\n");

        IReadOnlyList<LoadSession> sessions = new TraceFile(trace, scale: 1, rate: 1).Sessions(2);

        Assert.Equal([TimeSpan.Zero, TimeSpan.FromSeconds(4)], sessions.Select(session => session.Start));
        Assert.Equal([374, 396], sessions.Select(session => session.Turns.Single().Text.Count(c => c == ' ')));
        Assert.Equal([44, 109], sessions.Select(session => session.Turns.Single().OutputTokens));
    }

    [Theory]
    [InlineData("{\"timestamp\": 0}")]
    [InlineData("{\"timestamp\": 0, \"input_length\": \"many\", \"output_length\": 1, \"hash_ids\": []}")]
    [InlineData("{")]
    [InlineData("yesterday,1,1")]
    [InlineData("2023-11-16 18:15:46,1")]
    [InlineData("2023-11-16 18:15:46,1,99999999999999")]
    public void A_line_that_is_no_request_is_named(string line)
    {
        string trace = _folder.Write("trace", "2023-11-16 18:15:46,1,1\n" + line + "\n");

        CommandFailure failure = Assert.Throws<CommandFailure>(() => new TraceFile(trace, 1, 1).Sessions(10));

        Assert.Contains("line 2", failure.Message);
    }

    [Fact]
    public void A_file_without_requests_is_refused()
    {
        Assert.Throws<CommandFailure>(() => new TraceFile(_folder.Write("empty", "\n"), 1, 1).Sessions(10));
        Assert.Throws<CommandFailure>(() => new TraceFile(_folder["missing"], 1, 1).Sessions(10));
    }

    public void Dispose() => _folder.Dispose();
}
