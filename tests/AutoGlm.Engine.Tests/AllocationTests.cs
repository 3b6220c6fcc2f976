using AutoGlm.Engine.Tests.Scheduling;
using AutoGlm.Graph.Execution;
using AutoGlm.KvCache;

namespace AutoGlm.Engine.Tests;

/// <summary>What the thread that steps allocates: with a team of one that is all there is, and a team's other threads run the same steps.</summary>
public class AllocationTests
{
    [Theory]
    [InlineData("autoglm-mini.gguf", KvType.F16, 1, 1)]
    [InlineData("autoglm-mini.gguf", KvType.F16, 4, 1)]
    [InlineData("autoglm-mini.gguf", KvType.F32, 1, 2)]
    public void Steps_allocate_nothing_once_warm(string model, KvType type, int sequences, int threads)
    {
        const int Warm = 40, Steps = 64;
        EngineOptions options = new() { Context = 256, Threads = threads, KvType = type };
        using ModelRuntime runtime = ModelRuntime.Load(TestData.InRepository("models", model), options);
        float[] logits = new float[sequences * runtime.Vocabulary];
        KvSequence[] caches = [.. Enumerable.Range(0, sequences).Select(_ => runtime.CreateSequence())];
        foreach (KvSequence kv in caches) Assert.True(kv.TryReserve(Warm + Steps));
        ForwardBatch batch = new();
        int[] token = [7];
        for (int i = 0; i < Warm; i++) Step();

        long allocated = 0;
        for (int i = 0; i < Steps; i++) allocated += Step();

        foreach (KvSequence kv in caches) kv.Dispose();
        Assert.Equal(0, allocated);

        // The caches give each block that is full its key, which is theirs to keep; nothing else is made.
        long Step()
        {
            batch.Clear();
            foreach (KvSequence kv in caches) batch.Add(token, kv.Length, kv.BlockTable, runtime.Pool.BlockTokens, LogitRows.Last);
            long before = GC.GetAllocatedBytesForCurrentThread();
            runtime.Run(batch, logits);
            long after = GC.GetAllocatedBytesForCurrentThread();
            foreach (KvSequence kv in caches) kv.Commit(token);
            return after - before;
        }
    }

    /// <summary>What callers are given, a piece a token, is all that steps leave behind: nothing of the batch, the cache or the logits.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    public void The_schedulers_steps_allocate_little_more_than_pieces(int sequences)
    {
        const int Warm = 40, Steps = 64, BytesOfPiece = 200;
        using ModelRuntime runtime = ModelRuntime.Load(EngineFixture.ModelPath, new EngineOptions { Context = 256, Threads = 1 });
        ScheduleRun run = new(runtime);
        for (int i = 0; i < sequences; i++) run.Submit(TinyRuntime.Greedy([20 + i], 200));
        for (int i = 0; i < Warm; i++) run.Step();

        long allocated = 0;
        for (int i = 0; i < Steps; i++) allocated += run.Step();

        Assert.Equal(sequences, run.Statistics.BatchTokens);
        Assert.InRange((double)allocated / (Steps * sequences), 0, BytesOfPiece);
    }
}
