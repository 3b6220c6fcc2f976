using AutoGlm.Engine;
using AutoGlm.Server;

namespace AutoGlm.EndToEnd.Tests;

/// <summary>npm's <c>openai</c> package against a live server with the embedded model.</summary>
public sealed class OpenAIPackageTests
{
    [Fact]
    public async Task All_that_the_package_does_is_answered()
    {
        using NodeScript script = await NodeScript.InstallAsync("OpenAIPackage");
        await using AutoGlmServer server = await StartAsync();

        await script.CheckAsync(8, server.Address.ToString());
    }

    internal static async Task<AutoGlmServer> StartAsync(params string[] keys)
    {
        AutoGlmServer server = await AutoGlmServer.ListenAsync(new ServerOptions
        {
            ModelPath = TestData.InRepository("models", "autoglm-mini.gguf"),
            Engine = new EngineOptions { Context = 1024, PrefixCache = false, BatchTokens = 64, MaxSequences = 8 },
            Port = 0,
            ApiKeys = keys,
            LogLevel = Microsoft.Extensions.Logging.LogLevel.Warning,
        });
        await server.LoadAsync();
        return server;
    }
}
