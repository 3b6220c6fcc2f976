using System.ClientModel;
using System.Text;
using System.Text.Json;
using AutoGlm.Engine;
using AutoGlm.Server.Tests;
using OpenAI;

[assembly: AssemblyFixture(typeof(ServerFixture))]

// Some tests count what runs: nothing else does meanwhile.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace AutoGlm.Server.Tests;

/// <summary>A live server on loopback with the embedded model, shared by all tests that only ask it things.</summary>
public sealed class ServerFixture : IAsyncLifetime
{
    /// <summary>Asks for an answer that takes longer than a test may be held up, of a <see cref="Roomy"/> server: whoever asks leaves, or the server stops.</summary>
    public const string Long = """{"prompt":"Once","max_tokens":32000,"ignore_eos":true,"stream":true}""";

    public static string ModelPath { get; } = TestData.InRepository("models", "autoglm-mini.gguf");

    /// <summary>Settings for servers of tests: quick to load, quiet, on a free port.</summary>
    public static ServerOptions Options { get; } = new()
    {
        ModelPath = ModelPath,
        Engine = new EngineOptions { Context = 1024, Threads = 1, PrefixCache = false, BatchTokens = 64, MaxSequences = 8 },
        Port = 0,
        LogLevel = Microsoft.Extensions.Logging.LogLevel.Warning,
        StateFolder = Directory.CreateTempSubdirectory("autoglm-server-tests-").FullName,
    };

    /// <summary>The same with room for <see cref="Long"/> answers.</summary>
    public static ServerOptions Roomy { get; } = Options with { Engine = Options.Engine with { Context = 1 << 15 } };

    public AutoGlmServer Server { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public InferenceEngine Engine => Server.Engine!;

    public async ValueTask InitializeAsync()
    {
        Server = await StartAsync(Options);
        Http = new HttpClient { BaseAddress = Server.Address };
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
        Directory.Delete(Options.StateFolder!, recursive: true);
    }

    public static async Task<AutoGlmServer> StartAsync(ServerOptions options)
    {
        AutoGlmServer server = await AutoGlmServer.ListenAsync(options, TestContext.Current.CancellationToken);
        await server.LoadAsync(cancellation: TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>OpenAI's own client, as its users set it up.</summary>
    public static OpenAIClient ClientFor(AutoGlmServer server, string key = "none") =>
        new(new ApiKeyCredential(key), new OpenAIClientOptions { Endpoint = new Uri(server.Address, "v1"), RetryPolicy = new System.ClientModel.Primitives.ClientRetryPolicy(0) });

    public OpenAIClient Client() => ClientFor(Server);

    /// <summary>Posts JSON; gives the response as soon as its headers are there.</summary>
    public static Task<HttpResponseMessage> SendAsync(HttpClient http, string path, string json) =>
        http.SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") }, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

    /// <summary>Posts JSON; gives the status and the body.</summary>
    public Task<(int Status, JsonElement Body)> PostAsync(string path, object body) => PostAsync(Http, path, JsonSerializer.Serialize(body));

    public static async Task<(int Status, JsonElement Body)> PostAsync(HttpClient http, string path, string json)
    {
        using StringContent content = new(json, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await http.PostAsync(path, content, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, JsonElement.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
    }

    /// <summary>Waits until something holds; fails with the message where it does not.</summary>
    public static async Task EventuallyAsync(Func<bool> holds, string otherwise)
    {
        for (int i = 0; i < 6000; i++)
        {
            if (holds()) return;
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.Fail(otherwise);
    }
}
