using System.ComponentModel;
using AutoGlm.Engine;
using AutoGlm.Server;

namespace AutoGlm.EndToEnd.Tests;

/// <summary>npm's <c>openai</c> package against a live server with the embedded model.</summary>
public sealed class OpenAIPackageTests : IDisposable
{
    private static readonly TimeSpan InstallPatience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly string _folder = Directory.CreateTempSubdirectory("autoglm-openai-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task All_that_the_package_does_is_answered()
    {
        foreach (string file in Directory.GetFiles(TestData.InRepository("tests", "AutoGlm.EndToEnd.Tests", "OpenAIPackage"))) File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)));
        await InstallAsync();
        await using AutoGlmServer server = await AutoGlmServer.ListenAsync(new ServerOptions
        {
            ModelPath = TestData.InRepository("models", "autoglm-mini.gguf"),
            Engine = new EngineOptions { Context = 1024, PrefixCache = false, BatchTokens = 64, MaxSequences = 8 },
            Port = 0,
            LogLevel = Microsoft.Extensions.Logging.LogLevel.Warning,
        });
        await server.LoadAsync();

        (int exitCode, string output) = await RunAsync("node", ["check.mjs", server.Address.ToString()], Patience);

        Assert.True(exitCode == 0, output);
        Assert.Equal(8, output.Split('\n').Count(line => line.EndsWith(": ok", StringComparison.Ordinal)));
    }

    /// <summary>Skips the test, saying why, where there is no Node.js, or no registry can be reached.</summary>
    private async Task InstallAsync()
    {
        string npm = OperatingSystem.IsWindows() ? "npm.cmd" : "npm";
        try
        {
            (int exitCode, string output) = await RunAsync(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], InstallPatience);
            Assert.SkipUnless(exitCode == 0, $"npm could not install the openai package: {output}");
            await RunAsync("node", ["--version"], InstallPatience);
        }
        catch (Win32Exception)
        {
            Assert.Skip("needs Node.js and npm, which are not here");
        }
        catch (TimeoutException late)
        {
            Assert.Skip(late.Message);
        }
    }

    private async Task<(int ExitCode, string Output)> RunAsync(string program, string[] arguments, TimeSpan patience)
    {
        (int exitCode, string output, string error) = await ChildProcess.RunAsync(program, arguments, _folder, patience);
        return (exitCode, output + error);
    }
}
