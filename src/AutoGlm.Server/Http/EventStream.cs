using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using AutoGlm.Server.Protocol;

namespace AutoGlm.Server.Http;

/// <summary>Server-sent events. A client that reads nothing for long is dropped, whose answer is cancelled with it.</summary>
internal sealed class EventStream(HttpContext context, ServerOptions options, ILogger log)
{
    private readonly PipeWriter _body = context.Response.BodyWriter;
    private bool _started;

    public CancellationToken Aborted => context.RequestAborted;

    public TimeSpan KeepAlive => options.KeepAlive;

    /// <summary>True once a status was sent: errors are events from then on.</summary>
    public bool HasStarted => _started;

    /// <summary>Writes an event; <see cref="FlushAsync"/> sends it.</summary>
    /// <param name="value">What it tells.</param>
    /// <param name="type">How that is written.</param>
    /// <param name="name">The event's name; null for none.</param>
    public void Write<T>(T value, JsonTypeInfo<T> type, string? name = null)
    {
        Start();
        if (name is not null) WriteText($"event: {name}\n");
        _body.Write("data: "u8);
        using (Utf8JsonWriter json = new(_body, new JsonWriterOptions { Encoder = type.Options.Encoder, SkipValidation = true })) JsonSerializer.Serialize(json, value, type);
        _body.Write("\n\n"u8);
    }

    /// <summary>Ends a stream of chunks as OpenAI does.</summary>
    public void WriteDone()
    {
        Start();
        _body.Write("data: [DONE]\n\n"u8);
    }

    /// <summary>Nothing to tell, but still there.</summary>
    public void WriteComment()
    {
        Start();
        _body.Write(": keep-alive\n\n"u8);
    }

    /// <exception cref="ClientGoneException">The client reads nothing, or went away.</exception>
    public ValueTask FlushAsync() => PatientWriting.FlushAsync(context, options, log);

    private void Start()
    {
        if (_started) return;
        _started = true;
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache";
        // Proxies such as nginx would otherwise hold events back.
        context.Response.Headers["X-Accel-Buffering"] = "no";
    }

    private void WriteText(string ascii)
    {
        Span<byte> span = _body.GetSpan(ascii.Length);
        _body.Advance(System.Text.Encoding.ASCII.GetBytes(ascii, span));
    }
}
