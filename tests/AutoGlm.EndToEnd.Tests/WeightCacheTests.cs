using System.Text.Json.Nodes;

namespace AutoGlm.EndToEnd.Tests;

/// <summary>Packed weights from one process to the next.</summary>
public sealed class WeightCacheTests : IDisposable
{
    private static readonly string[] Run = ["run", "--temp", "0", "-n", "8", "--raw", "Once upon a time"];

    private readonly string _folder = Directory.CreateTempSubdirectory("autoglm-cache-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Are_kept_listed_mended_and_cleared()
    {
        string plain = (await AutoglmAsync([.. Run, "--no-weight-cache"])).Output;
        Assert.Empty(Directory.GetFiles(_folder, "*", SearchOption.AllDirectories));

        (string output, string error) = await AutoglmAsync(Run);
        Assert.Equal(plain, output);
        Assert.DoesNotContain("cache", error);
        JsonNode list = JsonNode.Parse((await AutoglmAsync("cache", "list", "--json")).Output)!, file = Assert.Single(list["files"]!.AsArray())!;
        Assert.EndsWith("autoglm-mini.gguf", (string)file["model"]!);
        Assert.Equal(new FileInfo((string)file["path"]!).Length, (long)file["bytes"]!);
        Assert.StartsWith((await AutoglmAsync("cache", "path")).Output.Trim(), (string)file["path"]!);
        Assert.Contains("autoglm-mini.gguf", (await AutoglmAsync("cache", "list")).Output);

        await using (FileStream weights = File.OpenWrite((string)file["path"]!)) weights.SetLength(weights.Length / 2);
        (output, error) = await AutoglmAsync(Run);
        Assert.Equal(plain, output);
        Assert.Contains((string)file["path"]!, error);
        (output, error) = await AutoglmAsync(Run);
        Assert.Equal(plain, output);
        Assert.DoesNotContain("cache", error);

        Assert.StartsWith("Deleted ", (await AutoglmAsync("cache", "clear")).Output);
        Assert.Empty(Directory.GetFiles(_folder, "*", SearchOption.AllDirectories));
    }

    private async Task<(string Output, string Error)> AutoglmAsync(params string[] arguments)
    {
        (int exitCode, string output, string error) = await Autoglm.RunAsync(arguments, _folder, variable: ("AUTOGLM_CACHE", _folder));
        Assert.True(exitCode == 0, error);
        return (output, error);
    }
}
