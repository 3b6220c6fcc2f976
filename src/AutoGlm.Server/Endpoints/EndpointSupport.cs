using System.Text.Json.Serialization.Metadata;
using AutoGlm.Engine;
using AutoGlm.Server.Answers;
using AutoGlm.Server.Http;
using AutoGlm.Server.Protocol;

namespace AutoGlm.Server.Endpoints;

/// <summary>What endpoints that read a body and answer it have in common.</summary>
internal static class EndpointSupport
{
    private const int MaxIgnoredTold = 16;

    /// <summary>Tells of fields that nobody read: refused where the server is strict, else logged and named in a header.</summary>
    /// <exception cref="ApiException">The server is strict.</exception>
    public static void TellUnread(this Serving serving, HttpContext context, JsonFields fields)
    {
        if (fields.Unread.Count == 0) return;
        if (serving.Options.Strict) throw ApiException.Invalid(fields.Unread.First(), $"The field {JsonFields.Quote(fields.Unread.First())} is unknown here; leave it out, or start the server without --strict.", "unknown_parameter");
        // Names come from the client: only what is harmless in headers and logs is repeated.
        string names = string.Join(", ", fields.Unread.Where(name => name.Length is > 0 and <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-')).Take(MaxIgnoredTold));
        context.Response.Headers["x-autoglm-ignored"] = names;
        ServerLog.Ignored(serving.Log, context.TraceIdentifier, names);
    }

    /// <summary>Logs a prompt, where the server was told to.</summary>
    public static void LogPrompt(this Serving serving, HttpContext context, InferenceEngine engine, IReadOnlyList<int> prompt)
    {
        if (serving.Options.LogPrompts) ServerLog.Prompt(serving.Log, context.TraceIdentifier, engine.Tokenizer.Decode([.. prompt], skipSpecial: false));
    }

    /// <summary>Sends an answer as a whole. A client that does not read it is dropped: else it would be kept for as long as that likes.</summary>
    public static Task WriteJsonAsync<T>(this HttpContext context, T value, JsonTypeInfo<T> type)
    {
        byte[] json = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(value, type);
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = json.Length;
        Serving serving = context.RequestServices.GetRequiredService<Serving>();
        return PatientWriting.SendAsync(context, json, serving.Options, serving.Log);
    }

    /// <summary>A request for the engine from what all kinds of requests have in common.</summary>
    public static GenerationRequest ToEngine(this GenerationFields fields, InferenceEngine engine, HttpContext context, IReadOnlyList<int> prompt, int choice) => new()
    {
        Prompt = prompt,
        Sampling = fields.ToSampling(engine) switch
        {
            // Answers to one prompt differ: each has its own seed.
            { Seed: { } seed } sampling when choice > 0 => sampling with { Seed = unchecked(seed + (ulong)choice) },
            { } sampling => sampling,
        },
        StopTexts = fields.Stop,
        IgnoreEnd = fields.IgnoreEos,
        Tenant = Tenant.Of(context),
        Priority = fields.Priority,
        Deadline = fields.TimeoutMs is { } milliseconds ? DateTimeOffset.UtcNow.AddMilliseconds(milliseconds) : null,
        Cache = fields.Cache?.ToRetention() ?? KvCache.CacheRetention.Default,
    };

    /// <summary>Runs a stream; what goes wrong once events were sent is told as the last of them.</summary>
    /// <param name="serving">Whose.</param>
    /// <param name="context">The request.</param>
    /// <param name="run">Writes the events.</param>
    /// <param name="fail">Writes the last one; null for the error as it is.</param>
    public static async Task StreamAsync(this Serving serving, HttpContext context, Func<EventStream, Task> run, Action<EventStream, ApiException>? fail = null)
    {
        EventStream stream = new(context, serving.Options, serving.Log);
        try
        {
            await run(stream);
        }
        catch (Exception error) when (stream.HasStarted && error is not (ClientGoneException or IOException) && !context.RequestAborted.IsCancellationRequested)
        {
            ApiException api = ErrorMap.ToApi(error);
            if (api.Status == StatusCodes.Status500InternalServerError) ServerLog.Failed(serving.Log, error, context.TraceIdentifier);
            if (fail is not null) fail(stream, api);
            else stream.Write(api.ToResponse(), ProtocolJson.Wire.ErrorResponse);
            await stream.FlushAsync();
        }
    }
}
