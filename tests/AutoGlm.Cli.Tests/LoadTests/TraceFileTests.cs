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

    /// <summary>BurstGPT's columns, Excel's separators, Windows' line ends, a byte order mark, quotes, blank lines: the same requests.</summary>
    [Theory]
    [InlineData("Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,Conversation log\n45.5,GPT-4,20,1,21,API log\n")]
    [InlineData("\uFEFF\"output_tokens\";\"input_tokens\";\"arrived_at\"\r\n18;472;5\r\n\r\n1;20.0;45.5\r\n")]
    [InlineData("18:00:05,472,18\n 18:00:45.5 ,20,1\n")]
    [InlineData("2024-05-10 00:00:05.000000+00:00,472,18\n2024-05-10 00:00:45.500000+00:00,20,1")]
    [InlineData("{\"output_length\":18,\"hash_ids\":null,\"timestamp\":1700000005000,\"x\":{},\"input_length\":472}\n{\"timestamp\":\"1700000045500\",\"input_length\":\"20\",\"output_length\":1}")]
    public void Other_columns_and_customs_are_read(string text)
    {
        IReadOnlyList<LoadSession> sessions = new TraceFile(_folder.Write("trace", text), 1, 1).Sessions(10);

        Assert.Equal([0, 40.5], sessions.Select(session => session.Start.TotalSeconds));
        Assert.Equal([472, 20], sessions.Select(session => session.Turns.Single().Text.Count(c => c == ' ')));
        Assert.Equal([18, 1], sessions.Select(session => session.Turns.Single().OutputTokens));
    }

    /// <summary>Blocks of 16 tokens, ids beyond 32 bits or words, requests out of order.</summary>
    [Fact]
    public void Blocks_of_other_sizes_share_text_too()
    {
        string trace = _folder.Write("trace.jsonl", """
            {"timestamp": 700, "input_length": 40, "output_length": 1, "hash_ids": [99999999999, "a", 3]}
            {"timestamp": 500, "input_length": 33, "output_length": 1, "hash_ids": [99999999999, "a", 4]}
            """);

        IReadOnlyList<LoadSession> sessions = new TraceFile(trace, 1, 1).Sessions(10);

        string[][] words = [.. sessions.Select(session => session.Turns.Single().Text.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        Assert.Equal([0.2, 0], sessions.Select(session => session.Start.TotalSeconds));
        Assert.Equal([40, 33], words.Select(text => text.Length));
        Assert.Equal(words[0][..32], words[1][..32]);
        Assert.NotEqual(words[0][..16], words[0][16..32]);
    }

    [Theory]
    [InlineData("{\"timestamp\": 1, \"input_length\": 99999999, \"output_length\": 1}", "line 2", "--scale")]
    [InlineData("{\"timestamp\": 1, \"input_length\": 1, \"output_length\": 2147483647}", "line 2", "--scale")]
    [InlineData("{\"timestamp\": 1e12, \"input_length\": 1, \"output_length\": 1}", "line 2", "--rate")]
    [InlineData("{\"timestamp\": 1e300, \"input_length\": 1, \"output_length\": 1}", "line 2", "no time")]
    [InlineData("{\"timestamp\": 1, \"input_length\": -1, \"output_length\": 1}", "line 2", "input_length")]
    [InlineData("{\"timestamp\": 1, \"input_length\": 1}", "line 2", "output_length")]
    [InlineData("{\"timestamp\": 1, \"input_length\": 1, \"output_length\": 1, \"hash_ids\": 5}", "line 2", "hash_ids")]
    [InlineData("1,5", "line 2", "cell 3")]
    [InlineData("1,,5", "line 2", "input_length")]
    [InlineData("[", "line 2", "no time")]
    public void What_is_wrong_is_told(string line, string where, string what)
    {
        string trace = _folder.Write("trace", "{\"timestamp\": 0, \"input_length\": 1, \"output_length\": 1}\n" + line);

        CommandFailure failure = Assert.Throws<CommandFailure>(() => new TraceFile(trace, 1, 1).Sessions(10));

        Assert.Contains(where, failure.Message);
        Assert.Contains(what, failure.Message);
    }

    [Fact]
    public void A_header_without_a_column_is_refused()
    {
        CommandFailure failure = Assert.Throws<CommandFailure>(() => new TraceFile(_folder.Write("trace", "TIMESTAMP,ContextTokens\n1,2\n"), 1, 1).Sessions(10));

        Assert.Contains("output_length", failure.Message);
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
