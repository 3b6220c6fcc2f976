using AutoGlm.Server.Answers;
using AutoGlm.Server.Endpoints;
using AutoGlm.Server.Http;
using AutoGlm.Server.Observability;
using AutoGlm.Server.Protocol;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace AutoGlm.Server;

/// <summary>What the server is made of, and where each endpoint is.</summary>
internal static class ServerSetup
{
    /// <summary>.NET's own instruments: heap, collections, threads, processor time.</summary>
    private const string RuntimeMeterName = "System.Runtime";

    public static void AddServices(WebApplicationBuilder builder, ServerOptions options)
    {
        IServiceCollection services = builder.Services;
        AddLogging(builder.Logging, options);
        services.AddRoutingCore();
        services.AddCors(cors => cors.AddDefaultPolicy(policy => policy.WithOrigins([.. options.CorsOrigins.Select(origin => origin.TrimEnd('/'))]).AllowAnyHeader().AllowAnyMethod().WithExposedHeaders("x-request-id", "x-autoglm-ignored", "Retry-After")));
        services.AddSingleton(options);
        services.AddSingleton<EngineHost>();
        services.AddSingleton<ServerMetrics>();
        services.AddSingleton<Serving>();
        services.AddSingleton<LargeBodies>();
        services.AddSingleton<ResponseStore>();
        services.AddSingleton(provider => new ApiKeys(
            options.ApiKeys,
            options.ApiKeys.Count > 0 ? InstallSecret.Load(options.StateFolder, provider.GetRequiredService<ILogger<ApiKeys>>()) : []));
        // Signals are the caller's: it knows when to stop the engine.
        services.AddSingleton<IHostLifetime, CallersLifetime>();
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ProtocolJson.Wire);
            json.SerializerOptions.PropertyNamingPolicy = System.Text.Json.JsonNamingPolicy.SnakeCaseLower;
        });
        AddMetrics(services);
        services.AddOpenApi(openApi => openApi.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "Open-AutoGLM";
            document.Info.Version = "1";
            document.Info.Description = "An OpenAI-compatible server of one model.";
            document.Servers?.Clear();
            return Task.CompletedTask;
        }));
    }

    public static void Map(WebApplication app, ServerOptions options)
    {
        // First: browsers ask without a key whether they may send one, and pages are to see errors too.
        if (options.CorsOrigins.Count > 0) app.UseCors();
        app.UseMiddleware<RequestGuard>();
        app.UseRouting();
        Serving serving = app.Services.GetRequiredService<Serving>();
        MapGeneration(new EndpointMap(app, "Generation"), serving, app.Services.GetRequiredService<ResponseStore>());
        MapModel(new EndpointMap(app, "Model"), serving);
        MapState(new EndpointMap(app, "State"), serving);
        app.MapGet("/", WebPage.GetAsync).ExcludeFromDescription();
        app.MapPrometheusScrapingEndpoint("/metrics");
        app.MapOpenApi("/openapi.json");
    }

    private static void MapGeneration(EndpointMap map, Serving serving, ResponseStore store)
    {
        map.Post<ChatCompletionRequest, ChatCompletion>("/v1/chat/completions", new ChatCompletions(serving).HandleAsync, "Answers a conversation");
        map.Post<CompletionRequest, Completion>("/v1/completions", new Completions(serving).HandleAsync, "Goes on from texts");
        // Clients made for llama-server ask without /v1.
        map.Alias("/chat/completions", new ChatCompletions(serving).HandleAsync, HttpMethods.Post);
        LlamaCompletions llama = new(serving);
        map.Post<LlamaCompletionRequest, LlamaCompletion>("/completion", llama.HandleAsync, "Goes on from a text, as llama-server does");
        map.Alias("/completions", llama.HandleAsync, HttpMethods.Post);
        Responses responses = new(serving, store);
        map.Post<ResponseRequest, ModelResponse>("/v1/responses", responses.CreateAsync, "Answers a conversation, and remembers it");
        map.Get<ModelResponse>("/v1/responses/{id}", responses.GetAsync, "A response that is remembered");
        map.Delete<DeletedResponse>("/v1/responses/{id}", responses.DeleteAsync, "Forgets a response");
        map.Post<EmbeddingRequest, EmbeddingList>("/v1/embeddings", new Embeddings(serving).HandleAsync, "Makes texts vectors: the mean of the last hidden states, of length 1");
    }

    private static void MapModel(EndpointMap map, Serving serving)
    {
        ModelEndpoints models = new(serving);
        map.Get<ModelList>("/v1/models", models.ListAsync, "The model that is loaded");
        map.Get<ModelInfo>("/v1/models/{**id}", models.GetAsync, "One model");
        map.Alias("/models", models.ListAsync, HttpMethods.Get);
        LlamaInfo llama = new(serving);
        map.Get<LlamaProps>("/props", llama.PropsAsync, "What the server is, as llama-server tells it");
        map.Post<ChatCompletionRequest, AppliedTemplate>("/apply-template", llama.ApplyTemplateAsync, "A conversation as the model's chat template writes it");
        Tokens tokens = new(serving);
        map.Post<TokenizeRequest, TokenizeResponse>("/tokenize", tokens.EncodeAsync, "A text's tokens, as llama-server gives them");
        map.Post<DetokenizeRequest, DetokenizeResponse>("/detokenize", tokens.DecodeAsync, "Tokens' text");
    }

    private static void MapState(EndpointMap map, Serving serving)
    {
        Health health = new(serving);
        CacheEndpoints cache = new(serving);
        map.Get<CacheState>("/v1/cache", cache.InspectAsync, "The KV cache");
        map.Post<CacheFindRequest, CacheFind>("/v1/cache/find", cache.FindAsync, "How much of a prompt is cached");
        map.Post<CacheDropRequest, CacheDrop>("/v1/cache/drop", cache.DropAsync, "Forgets a prefix");
        map.Get<HealthResponse>("/health", health.HealthAsync, "200 once the model is loaded");
        map.Get<HealthResponse>("/ready", health.ReadyAsync, "200 once the model is warm, until the server stops");
    }

    private static void AddMetrics(IServiceCollection services)
    {
        services.AddMetrics();
        services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService("autoglm")).WithMetrics(metrics => metrics
            .AddMeter(ServerMetrics.MeterName, RuntimeMeterName)
            .AddPrometheusExporter());
        services.ConfigureOpenTelemetryMeterProvider((provider, metrics) =>
        {
            // Another server of this process has instruments of the same names: they are not this one's.
            ServerMetrics own = provider.GetRequiredService<ServerMetrics>();
            metrics.AddView(instrument => instrument.Meter == own.Meter || instrument.Meter.Name == RuntimeMeterName ? null : MetricStreamConfiguration.Drop);
        });
    }

    /// <summary>Everything goes to the standard error: the standard output is the command's.</summary>
    private static void AddLogging(ILoggingBuilder logging, ServerOptions options)
    {
        logging.SetMinimumLevel(options.LogLevel);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("OpenTelemetry", LogLevel.Warning);
        if (options.JsonLog) logging.AddJsonConsole(json => json.UseUtcTimestamp = true);
        else logging.AddSimpleConsole(simple => (simple.SingleLine, simple.TimestampFormat) = (true, "HH:mm:ss "));
        logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }

    /// <summary>A host that waits for nothing and hears no signal.</summary>
    private sealed class CallersLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
