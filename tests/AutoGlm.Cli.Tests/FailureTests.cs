namespace AutoGlm.Cli.Tests;

/// <summary>What cannot be done is told in one line that names file, field and reason, with exit code 1.</summary>
public class FailureTests
{
    private static readonly string[][] ModelCommands =
    [
        ["run", "hi"], ["chat"], ["inspect"], ["tokenize", "--text", "hi"], ["verify", "--golden", Fixtures.GraniteGolden],
        ["perplexity", "--file", TestData.InRepository("LICENSE"), "--ctx", "8"], ["bench", "--pp", "8", "--tg", "2"],
    ];

    [Fact]
    public async Task A_missing_model_is_named()
    {
        foreach (string[] command in ModelCommands) (await CommandRun.OfAsync([.. command, "-m", "/no/such.gguf"])).FailedWith(1, "/no/such.gguf: path:");
    }

    [Fact]
    public async Task A_truncated_model_is_named()
    {
        using TempFolder folder = new();
        byte[] whole = File.ReadAllBytes(Fixtures.Granite);
        foreach (int length in new[] { 0, 3, 20, 700, 9000, whole.Length - 100 })
        {
            File.WriteAllBytes(folder["cut.gguf"], whole[..length]);
            foreach (string[] command in ModelCommands)
            {
                // The header may be whole where only tensors are cut off; the vocabulary alone is then still no model.
                (await CommandRun.OfAsync([.. command, "-m", folder["cut.gguf"]])).FailedWith(1, "cut.gguf: ");
            }
        }
    }

    [Fact]
    public async Task A_folder_that_is_no_model_is_named()
    {
        using TempFolder folder = new();
        folder.Write("readme.txt", "nothing here");
        string path = Path.GetDirectoryName(folder["readme.txt"])!;
        foreach (string[] command in ModelCommands) (await CommandRun.OfAsync([.. command, "-m", path])).FailedWith(1, path);
    }

    [Fact]
    public async Task A_model_without_chat_template_cannot_chat() =>
        (await CommandRun.OfAsync("chat", "-m", Fixtures.Granite)).FailedWith(1, "granite.gguf: chat template:");

    [Fact]
    public async Task Too_long_a_prompt_is_refused_before_any_work() =>
        (await CommandRun.OfAsync("run", "--raw", "--ctx", "16", "-n", "16", "one two three")).FailedWith(1, "context of 16");

    [Fact]
    public async Task An_empty_prompt_is_refused() => (await CommandRun.OfAsync("run", "--raw", "")).FailedWith(1, "empty");

    [Fact]
    public async Task Text_that_is_no_utf8_is_refused()
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder["latin1.txt"], [.. "caf"u8, 0xE9, (byte)'.']);

        (await CommandRun.OfAsync("tokenize", "--file", folder["latin1.txt"])).FailedWith(1, "latin1.txt: text:", "byte 3");
        (await CommandRun.OfAsync("perplexity", "--file", folder["latin1.txt"])).FailedWith(1, "latin1.txt: text:", "byte 3");
    }

    [Fact]
    public async Task Missing_files_are_named()
    {
        (await CommandRun.OfAsync("perplexity", "-m", Fixtures.Granite, "--file", "/no/text")).FailedWith(1, "/no/text");
        (await CommandRun.OfAsync("tokenize", "-m", Fixtures.Granite, "--file", "/no/text")).FailedWith(1, "/no/text");
        (await CommandRun.OfAsync("template", "--input", "/no/cases")).FailedWith(1, "/no/cases");
        (await CommandRun.OfAsync("verify", "-m", Fixtures.Granite, "--golden", "/no/golden")).FailedWith(1, "/no/golden");
        (await CommandRun.OfAsync("synth", "135m", "Q4_0", "/no/folder/out.gguf")).FailedWith(1, "/no/folder");
    }
}
