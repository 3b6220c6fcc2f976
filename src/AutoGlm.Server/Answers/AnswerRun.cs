using System.Diagnostics;
using System.Threading.Channels;
using AutoGlm.Engine;
using AutoGlm.Server.Http;

namespace AutoGlm.Server.Answers;

/// <summary>A piece of one of a request's answers.</summary>
internal readonly record struct AnswerPiece(int Choice, GenerationChunk Chunk);

/// <summary>The answers to one HTTP request, computed at the same time, as one stream of pieces. Disposing it ends what still runs.</summary>
internal sealed class AnswerRun : IAsyncDisposable
{
    /// <summary>Pieces that may wait for a client of each answer; the engine waits with more of them, one context's worth at most.</summary>
    private const int Waiting = 16;

    private readonly Channel<AnswerPiece> _pieces;
    private readonly CancellationTokenSource _ending;
    private readonly Task _producing;

    private AnswerRun(Serving serving, HttpContext context, IReadOnlyList<IAsyncEnumerable<GenerationChunk>> answers, CancellationTokenSource ending)
    {
        _pieces = Channel.CreateBounded<AnswerPiece>(Waiting * answers.Count);
        _ending = ending;
        long began = Stopwatch.GetTimestamp();
        _producing = ProduceAllAsync(answers.Select((answer, i) => ProduceAsync(serving, context.TraceIdentifier, i, answer, began)));
    }

    public ChannelReader<AnswerPiece> Pieces => _pieces.Reader;

    /// <summary>Begins the answers.</summary>
    /// <exception cref="Exception">The engine refuses a request; none runs then.</exception>
    public static AnswerRun Start(Serving serving, HttpContext context, InferenceEngine engine, IReadOnlyList<GenerationRequest> requests)
    {
        // Its prompt is tokens by now.
        LargeBodyTurn.End(context);
        CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        try
        {
            return new AnswerRun(serving, context, [.. requests.Select(request => engine.GenerateAsync(request, ending.Token))], ending);
        }
        catch
        {
            ending.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        // Whoever waits for room in the channel goes on, and finds out.
        _pieces.Writer.TryComplete();
        await _producing;
        _ending.Dispose();
    }

    /// <summary>Never throws: the first error ends the channel, and what still runs.</summary>
    private async Task ProduceAllAsync(IEnumerable<Task> producers)
    {
        Task[] all = [.. producers];
        while (all.Length > 0)
        {
            Task done = await Task.WhenAny(all);
            if (done.IsFaulted || done.IsCanceled)
            {
                Exception error = done.Exception?.InnerException ?? new OperationCanceledException();
                _pieces.Writer.TryComplete(error);
                if (!_ending.IsCancellationRequested) await _ending.CancelAsync();
            }

            all = [.. all.Where(task => task != done)];
        }

        _pieces.Writer.TryComplete();
    }

    private async Task ProduceAsync(Serving serving, string requestId, int choice, IAsyncEnumerable<GenerationChunk> answer, long began)
    {
        // The caller goes on at once; a full queue is found out in the first step.
        await Task.Yield();
        bool first = true;
        await foreach (GenerationChunk chunk in answer)
        {
            if (first) serving.Metrics.FirstToken(Stopwatch.GetElapsedTime(began));
            first = false;
            if (chunk.Statistics is { } statistics)
            {
                serving.Metrics.Finished(statistics, chunk.FinishReason!.Value, Stopwatch.GetElapsedTime(began));
                ServerLog.Answered(serving.Log, requestId, statistics.PromptTokens, statistics.ReusedTokens, statistics.GeneratedTokens, chunk.FinishReason.ToString()!.ToLowerInvariant());
            }

            if (chunk.FinishReason == FinishReason.Cancelled) throw ApiException.ShuttingDown();
            await _pieces.Writer.WriteAsync(new AnswerPiece(choice, chunk), _ending.Token);
        }
    }
}
