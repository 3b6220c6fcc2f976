using System.Text.Json.Nodes;
using AutoGlm.Formats.Gguf;

namespace AutoGlm.Cli.Tests;

/// <summary><c>tokenize</c>, mostly on the embedded model's vocabulary.</summary>
public class TokenizeTests
{
    private const int ImStart = 1;

    [Fact]
    public async Task Shows_ids_and_pieces()
    {
        CommandRun run = (await CommandRun.OfAsync("tokenize", "--text", "Hello world")).Succeeded();

        Assert.Equal(["   id piece  text", "19556 Hello  \"Hello\"", "  905 Ġworld \" world\""], run.Output.TrimEnd().Split('\n').Select(line => line.TrimEnd()));
        Assert.Contains("2 tokens", run.Error);
    }

    [Fact]
    public async Task Special_tokens_are_recognised_unless_told_not_to()
    {
        int[] special = await Ids("--text", "<|im_start|>");
        Assert.Equal(ImStart, Assert.Single(special));
        int[] plain = await Ids("--text", "<|im_start|>", "--no-special");
        Assert.True(plain.Length > 3);
        Assert.DoesNotContain(ImStart, plain);
    }

    [Fact]
    public async Task The_first_token_comes_on_demand_alone()
    {
        int[] plain = await Ids("--text", "Hello");
        int[] first = await Ids("--text", "Hello", "--bos");
        Assert.Equal([0, .. plain], first);
        Assert.Empty(await Ids("--text", ""));
    }

    [Fact]
    public async Task Several_files_give_a_line_each()
    {
        using TempFolder folder = new();
        string a = folder.Write("a.txt", "Hello"), b = folder.Write("b.txt", "wörld\n");

        CommandRun plain = (await CommandRun.OfAsync("tokenize", "--file", a, b)).Succeeded();
        CommandRun json = (await CommandRun.OfAsync("tokenize", "--file", a, "--file", b, "--json")).Succeeded();

        Assert.Equal(plain.Output, json.Output);
        Assert.Equal([a, b], json.Json.Select(line => (string)line["file"]!));
        Assert.Equal(await Ids("--text", "wörld\n"), ToInts(json.Json[1]["ids"]!));
    }

    [Fact]
    public async Task A_vocabulary_alone_will_do()
    {
        using TempFolder folder = new();
        using (GgufFile whole = GgufFile.Open(Fixtures.Granite)) new GgufWriter(whole.Metadata).Write(folder["vocabulary.gguf"]);

        CommandRun alone = (await CommandRun.OfAsync("tokenize", "-m", folder["vocabulary.gguf"], "--text", "the <|user|> cat", "--json")).Succeeded();
        CommandRun model = (await CommandRun.OfAsync("tokenize", "-m", Fixtures.Granite, "--text", "the <|user|> cat", "--json")).Succeeded();

        Assert.Equal(model.Output, alone.Output);
        Assert.Contains(4, ToInts(alone.Json[0]["ids"]!));
    }

    [Fact]
    public async Task A_tokenizer_json_alone_will_do()
    {
        using TempFolder folder = new();
        string path = folder.Write(
            "tokenizer.json",
            """{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}, "added_tokens": [{"id": 3, "content": "<x>", "special": true, "normalized": false, "single_word": false, "lstrip": false, "rstrip": false}]}""");

        CommandRun file = (await CommandRun.OfAsync("tokenize", "-m", path, "--text", "ab<x>ba", "--json")).Succeeded();
        CommandRun inFolder = (await CommandRun.OfAsync("tokenize", "-m", Path.GetDirectoryName(path)!, "--text", "ab<x>ba", "--json")).Succeeded();

        Assert.Equal([2, 3, 1, 0], ToInts(file.Json[0]["ids"]!));
        Assert.Equal(file.Output, inFolder.Output);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Tokens_that_the_model_has_no_rows_for_are_text_and_said(bool folder)
    {
        using TempFolder files = new();
        string model = folder ? Folder(files) : RowlessModel.Write(files["rowless.gguf"]);

        CommandRun run = (await CommandRun.OfAsync("tokenize", "-m", model, "--text", "<new>", "--json")).Succeeded();

        Assert.True(ToInts(run.Json[0]["ids"]!).Length > 1);
        Assert.Contains(folder ? "'<new>' (6)" : "'<new>' (320)", run.Error);
    }

    private static string Folder(TempFolder files)
    {
        files.Write("config.json", """{"vocab_size": 6}""");
        files.Write(
            "tokenizer.json",
            """{"model": {"type": "BPE", "vocab": {"<": 0, ">": 1, "n": 2, "e": 3, "w": 4, "ne": 5}, "merges": ["n e"]}, "added_tokens": [{"id": 6, "content": "<new>", "special": true}]}""");
        return Path.GetDirectoryName(files["config.json"])!;
    }

    private static async Task<int[]> Ids(params string[] arguments) =>
        ToInts((await CommandRun.OfAsync(["tokenize", .. arguments, "--json"])).Succeeded().Json.Single()["ids"]!);

    private static int[] ToInts(JsonNode ids) => [.. ids.AsArray().Select(id => (int)id!)];
}
