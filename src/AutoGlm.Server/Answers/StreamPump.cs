using System.Threading.Channels;
using AutoGlm.Server.Http;

namespace AutoGlm.Server.Answers;

/// <summary>Brings pieces to a client as events, as they come; tells it that it is not forgotten while none come.</summary>
internal static class StreamPump
{
    /// <param name="pieces">The pieces.</param>
    /// <param name="stream">The client.</param>
    /// <param name="write">Writes a piece's events.</param>
    /// <remarks>What is there already goes in one packet: a client that falls behind gets fewer, larger ones.</remarks>
    public static async Task RunAsync(ChannelReader<AnswerPiece> pieces, EventStream stream, Action<AnswerPiece> write)
    {
        while (await WaitAsync(pieces, stream))
        {
            while (pieces.TryRead(out AnswerPiece piece)) write(piece);
            if (stream.HasStarted) await stream.FlushAsync();
        }
    }

    private static async Task<bool> WaitAsync(ChannelReader<AnswerPiece> pieces, EventStream stream)
    {
        Task<bool> waiting = pieces.WaitToReadAsync(stream.Aborted).AsTask();
        while (true)
        {
            try
            {
                return await waiting.WaitAsync(stream.KeepAlive);
            }
            catch (TimeoutException)
            {
                stream.WriteComment();
                await stream.FlushAsync();
            }
        }
    }
}
