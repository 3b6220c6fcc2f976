using System.Buffers;
using System.IO.Pipelines;

namespace AutoGlm.Server.Http;

/// <summary>
/// Sending what a client may be slow to read. What it does not read stays in the connection's own small buffer: then sending waits,
/// and a client that reads nothing for <see cref="ServerOptions.WriteTimeout"/> is dropped.
/// </summary>
internal static class PatientWriting
{
    private const int SliceLength = 64 << 10;

    /// <exception cref="ClientGoneException">The client reads nothing, or went away.</exception>
    public static async Task SendAsync(HttpContext context, ReadOnlyMemory<byte> bytes, ServerOptions options, ILogger log)
    {
        PipeWriter body = context.Response.BodyWriter;
        while (!bytes.IsEmpty)
        {
            // Flushed slice by slice: reading any of it counts.
            ReadOnlyMemory<byte> slice = bytes[..Math.Min(SliceLength, bytes.Length)];
            body.Write(slice.Span);
            await FlushAsync(context, options, log);
            bytes = bytes[slice.Length..];
        }
    }

    /// <exception cref="ClientGoneException">The client reads nothing, or went away.</exception>
    public static async ValueTask FlushAsync(HttpContext context, ServerOptions options, ILogger log)
    {
        ValueTask<FlushResult> flush = context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        if (!flush.IsCompleted)
        {
            try
            {
                await flush.AsTask().WaitAsync(options.WriteTimeout, context.RequestAborted);
                return;
            }
            catch (TimeoutException)
            {
                ServerLog.SlowReader(log, context.TraceIdentifier, options.WriteTimeout.TotalSeconds);
                context.Abort();
                throw new ClientGoneException();
            }
        }

        if ((await flush).IsCompleted) throw new ClientGoneException();
    }
}
