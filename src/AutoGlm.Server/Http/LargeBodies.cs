using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace AutoGlm.Server.Http;

/// <summary>
/// Large bodies take turns: a text of megabytes takes fifty times as much memory, and seconds, while it becomes tokens. Whoever
/// waits is not read from, so that what others send stays with them. A turn ends when the answer begins.
/// </summary>
internal sealed class LargeBodies(ServerOptions options) : IDisposable
{
    /// <summary>Bytes up to which a body needs no turn.</summary>
    public const int LeastBytes = 256 << 10;

    /// <summary>Turns at a time: two, so that one client that sends slowly holds up nobody.</summary>
    private const int Turns = 2;

    /// <summary>Slower ones would keep a turn for long.</summary>
    private const double LeastBytesPerSecond = 64 << 10;

    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _free = new(Turns);

    /// <summary>Has the connection end bodies that may be large and come slowly: called before a body is read.</summary>
    public void Hurry(HttpContext context)
    {
        if (context.Request.ContentLength <= LeastBytes) return;
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = new MinDataRate(LeastBytesPerSecond, options.LargeBodyTime);
    }

    /// <summary>Waits for a turn.</summary>
    /// <exception cref="ApiException">It does not come within <see cref="ServerOptions.LargeBodyTime"/>.</exception>
    public async Task<LargeBodyTurn> EnterAsync(HttpContext context)
    {
        if (!await _free.WaitAsync(options.LargeBodyTime, context.RequestAborted))
            throw ApiException.Unavailable($"Other bodies of over {LeastBytes >> 10} KiB are being read, and this one's turn did not come; try again later, or send less.", "busy", Retry);
        LargeBodyTurn turn = new(_free);
        context.Response.RegisterForDispose(turn);
        context.Features.Set(turn);
        return turn;
    }

    public void Dispose() => _free.Dispose();
}

/// <summary>The turn of a large body; over when it is disposed of, at the latest with the request.</summary>
internal sealed class LargeBodyTurn(SemaphoreSlim free) : IDisposable
{
    private int _isOver;

    /// <summary>Ends the turn of a request, if it has one.</summary>
    public static void End(HttpContext context) => context.Features.Get<LargeBodyTurn>()?.Dispose();

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isOver, 1) == 0) free.Release();
    }
}
