namespace AutoGlm.Server;

/// <summary>All that the server logs. No line holds a prompt or an answer but <see cref="Prompt"/>, which is off by default.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(1, LogLevel.Information, "Listening on {Address}")]
    public static partial void Listening(ILogger log, Uri address);

    [LoggerMessage(2, LogLevel.Information, "Loaded {Model} on {Backend}: context {Context} tokens, {KvBlocks} KV blocks of {BlockTokens} tokens, {KvMegabytes} MiB at most: {KvReason}")]
    public static partial void Loaded(ILogger log, string model, string backend, int context, int kvBlocks, int blockTokens, long kvMegabytes, string kvReason);

    [LoggerMessage(3, LogLevel.Information, "Ready after {Seconds:F1} s")]
    public static partial void Ready(ILogger log, double seconds);

    [LoggerMessage(4, LogLevel.Information, "Stopping: no new requests; running answers have {Seconds} s to finish")]
    public static partial void Stopping(ILogger log, double seconds);

    [LoggerMessage(5, LogLevel.Information, "Stopped")]
    public static partial void Stopped(ILogger log);

    [LoggerMessage(EventId = 6, Message = "{Method} {Path} {Status} in {Milliseconds} ms, request {RequestId}")]
    public static partial void Request(ILogger log, LogLevel level, string method, string path, int status, long milliseconds, string requestId);

    [LoggerMessage(7, LogLevel.Information, "Answered {RequestId}: {PromptTokens} prompt tokens, {CachedTokens} of them cached, {GeneratedTokens} generated, finish {FinishReason}")]
    public static partial void Answered(ILogger log, string requestId, int promptTokens, int cachedTokens, int generatedTokens, string finishReason);

    [LoggerMessage(8, LogLevel.Error, "Request {RequestId} failed")]
    public static partial void Failed(ILogger log, Exception error, string requestId);

    [LoggerMessage(9, LogLevel.Warning, "Request {RequestId} has fields that are unknown here and were ignored: {Fields}")]
    public static partial void Ignored(ILogger log, string requestId, string fields);

    [LoggerMessage(10, LogLevel.Warning, "Request {RequestId} dropped: its client read nothing for {Seconds} s")]
    public static partial void SlowReader(ILogger log, string requestId, double seconds);

    [LoggerMessage(11, LogLevel.Warning, "{Path}: the secret of tenants' salts cannot be kept: {Reason}. Caches kept from earlier runs will not be found")]
    public static partial void SecretNotKept(ILogger log, string path, string reason);

    [LoggerMessage(12, LogLevel.Information, "Prompt of {RequestId}: {Prompt}")]
    public static partial void Prompt(ILogger log, string requestId, string prompt);

    [LoggerMessage(13, LogLevel.Information, "Warmed up in {Seconds:F1} s, with {Prompts} prompts and {HotPrefixes} beginnings that were hot before")]
    public static partial void WarmedUp(ILogger log, double seconds, int prompts, int hotPrefixes);

    [LoggerMessage(14, LogLevel.Debug, "Request {RequestId} ended: its client went away")]
    public static partial void ClientGone(ILogger log, string requestId);

    [LoggerMessage(15, LogLevel.Warning, "Warm-up: {Problem}")]
    public static partial void NotWarmedUp(ILogger log, string problem);

    [LoggerMessage(16, LogLevel.Warning, "Loading: {Notice}")]
    public static partial void LoadNotice(ILogger log, string notice);
}
