using AutoGlm.Server;

namespace AutoGlm.EndToEnd.Tests;

/// <summary>The server's page in a browser: a key is asked for, words go back and forth, answers are stopped, errors are shown.</summary>
public sealed class ChatPageTests
{
    private static readonly string[] Browsers = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

    [Fact]
    public async Task A_person_can_chat()
    {
        string? browser = Find();
        Assert.SkipUnless(browser is not null, $"needs a browser: one of {string.Join(", ", Browsers)} in the path");
        using NodeScript script = await NodeScript.InstallAsync("ChatPage");
        await using AutoGlmServer server = await OpenAIPackageTests.StartAsync("open-sesame");

        await script.CheckAsync(5, server.Address.ToString(), browser, "open-sesame");
    }

    private static string? Find() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Where(folder => folder.Length > 0)
            .SelectMany(folder => Browsers.Select(name => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);
}
