using System.Threading.Channels;

namespace AutoGlm.Engine.Scheduling;

/// <summary>
/// One caller's side of a request. The step loop's thread writes; the caller reads <see cref="Chunks"/> and may <see cref="Cancel"/>.
/// </summary>
internal sealed class AnswerStream
{
    private readonly Channel<GenerationChunk> _chunks = Channel.CreateUnbounded<GenerationChunk>(new UnboundedChannelOptions { SingleWriter = true, SingleReader = true });
    private readonly TimeProvider _time;
    private volatile bool _cancelled;

    public AnswerStream(GenerationRequest request, EngineOptions options)
    {
        Request = request;
        _time = options.Time;
        Submitted = _time.GetTimestamp();
        Order = Submitted - (long)(request.Priority * options.PriorityStep.TotalSeconds * _time.TimestampFrequency);
        if (request.Deadline is not { } deadline) return;
        double left = Math.Clamp((deadline - _time.GetUtcNow()).TotalSeconds, -1, 1e9);
        Deadline = Submitted + (long)(left * _time.TimestampFrequency);
    }

    public GenerationRequest Request { get; }

    /// <summary>When it came.</summary>
    public long Submitted { get; }

    /// <summary>When it came, less what its priority is worth: the lowest goes first. Fixed, so that waiting is worth ever more.</summary>
    public long Order { get; }

    /// <summary>When it must have ended.</summary>
    public long Deadline { get; } = long.MaxValue;

    public bool IsCancelled => _cancelled;

    public ChannelReader<GenerationChunk> Chunks => _chunks.Reader;

    public void Cancel() => _cancelled = true;

    public void Send(GenerationChunk chunk) => _chunks.Writer.TryWrite(chunk);

    public void End() => _chunks.Writer.TryComplete();

    public void Fail(Exception error) => _chunks.Writer.TryComplete(error);

    /// <summary>What the answer took, seen from this caller, who may have come when it had begun.</summary>
    public GenerationStatistics Statistics(int reused, int generated, long started, long firstToken, long lastToken)
    {
        TimeSpan Between(long from, long to) => _time.GetElapsedTime(from, Math.Max(from, to));
        long now = _time.GetTimestamp();
        long start = Math.Max(Submitted, started == 0 ? now : started);
        long first = Math.Max(start, firstToken == 0 ? now : firstToken);
        return new GenerationStatistics(Request.Prompt.Count, reused, generated, Between(Submitted, start), Between(start, first), Between(first, lastToken));
    }
}
