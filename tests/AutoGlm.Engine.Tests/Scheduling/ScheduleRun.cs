using AutoGlm.Engine.Scheduling;

namespace AutoGlm.Engine.Tests.Scheduling;

/// <summary>A scheduler driven by hand, and what its callers have read.</summary>
internal sealed class ScheduleRun
{
    private readonly ModelRuntime _runtime;
    private readonly EngineCounters _counters = new();
    private readonly Scheduler _scheduler;
    private readonly Dictionary<AnswerStream, List<GenerationChunk>> _read = [];

    public ScheduleRun(ModelRuntime runtime)
    {
        _runtime = runtime;
        _scheduler = new Scheduler(runtime, _counters, new AdmissionRate(runtime.Options.Time));
    }

    public EngineStatistics Statistics => _counters.Snapshot(_runtime.Pool.GetStatistics());

    public bool IsBusy => !_scheduler.IsIdle;

    public AnswerStream Submit(GenerationRequest request)
    {
        AnswerStream stream = new(request, _runtime.Options);
        _read[stream] = [];
        _counters.Queued++;
        _scheduler.Submit(new Sequence(_runtime, stream, request.Sampling!));
        return stream;
    }

    /// <returns>Bytes that the scheduler's step allocated.</returns>
    public long Step()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        _scheduler.Step();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        foreach ((AnswerStream stream, List<GenerationChunk> chunks) in _read)
        {
            while (stream.Chunks.TryRead(out GenerationChunk? chunk)) chunks.Add(chunk);
        }

        return allocated;
    }

    public void ToEnd()
    {
        for (int steps = 0; IsBusy; steps++)
        {
            Assert.True(steps < 10_000, "The schedule does not end.");
            Step();
        }
    }

    public int Pieces(AnswerStream stream) => _read[stream].Count;

    public GenerationChunk Last(AnswerStream stream) => _read[stream][^1];

    public int[] TokensOf(AnswerStream stream) => [.. _read[stream].Where(chunk => chunk.Token is not null).Select(chunk => chunk.Token!.Value)];

    /// <summary>When an answer that has ended began, as a timestamp.</summary>
    public long StartOf(AnswerStream stream) => stream.Submitted + Last(stream).Statistics!.QueueTime.Ticks;

    /// <summary>Requests that came to their own end, with their answers.</summary>
    public IEnumerable<(GenerationRequest Request, int[] Answer)> Finished() =>
        _read.Keys.Where(stream => _read[stream] is [.., { FinishReason: FinishReason.Length }]).Select(stream => (stream.Request, TokensOf(stream)));

    /// <summary>Every block is cached or blank, and everyone has been told.</summary>
    public void AssertNothingLeft()
    {
        EngineStatistics statistics = Statistics;
        Assert.Equal((0, _runtime.Pool.BlockCount), (statistics.Cache.BlocksInUse, _runtime.Pool.AvailableCount));
        Assert.Equal(0, _counters.Queued);
        Assert.All(_read.Keys, stream => Assert.True(stream.Chunks.Completion.IsCompleted));
        Assert.Equal(_read.Count, statistics.Finished + statistics.Cancelled + statistics.Overdue);
    }
}
