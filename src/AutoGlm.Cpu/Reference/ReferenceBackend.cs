using AutoGlm.Graph;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cpu.Reference;

/// <summary>
/// Runs graphs as their definitions read: one thread, no vector instructions, sums in double precision, a buffer a value.
/// It is what fast backends are compared with.
/// </summary>
public sealed class ReferenceBackend : IBackend
{
    public string Name => "reference";

    public IKvMemory AllocateKv(KvLayout layout, int blocks) => new HostKvMemory(layout, blocks);

    public IGraphExecutor Load(ComputationGraph graph, IWeightSource weights, int maxRows, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        Dictionary<Weight, float[]> values = [];
        List<Weight> all = [.. graph.Weights];
        foreach (Weight weight in all)
        {
            cancellation.ThrowIfCancellationRequested();
            values[weight] = weights.Get(weight).Decode();
            weights.Get(weight).Discard();
            progress?.Report((double)values.Count / all.Count);
        }

        return new ReferenceExecutor(graph, values, maxRows);
    }

    public void Dispose()
    {
    }
}
