using AutoGlm.Cpu.Reference;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Execution.Split;
using AutoGlm.Graph.Passes;
using AutoGlm.Graph.Tests;

namespace AutoGlm.Cpu.Tests.Plan;

/// <summary>A graph cut in two and run by two backends gives what it gives whole. Both run on the processor here.</summary>
public class SplitBackendTests
{
    private const int Graphs = 30;

    private static IEnumerable<(int Seed, ComputationGraph Graph, IWeightSource Weights)> Many
    {
        get
        {
            for (int seed = 0; seed < Graphs; seed++)
            {
                (ComputationGraph graph, IWeightSource weights) = RandomGraph.Make(seed);
                if (graph.Attentions.Count() > 1) yield return (seed, GraphOptimizer.Optimize(graph), weights);
            }
        }
    }

    [Theory]
    [InlineData(KvType.F32)]
    [InlineData(KvType.F16)]
    public void Cut_graphs_give_the_logits_of_whole_ones(KvType type)
    {
        using CpuBackend whole = new(new CpuOptions { Threads = 1 });
        foreach ((int seed, ComputationGraph graph, IWeightSource weights) in Many)
        {
            List<float[]> expected = GraphRun.Logits(whole, graph, weights, RandomGraph.Vocabulary, type);
            for (int layers = 0; layers <= graph.Attentions.Count(); layers++)
            {
                using SplitBackend split = Split(new CpuBackend(new CpuOptions { Threads = 2 }), layers);
                List<float[]> actual = GraphRun.Logits(split, graph, weights, RandomGraph.Vocabulary, type);
                Assert.Equal(layers, split.Layers);
                for (int i = 0; i < expected.Count; i++) Assert.True(expected[i].AsSpan().SequenceEqual(actual[i]), $"graph {seed}, {layers} layers, batch {i}");
            }
        }
    }

    [Fact]
    public void Cut_graphs_agree_with_the_definition()
    {
        using ReferenceBackend whole = new();
        foreach ((int seed, ComputationGraph graph, IWeightSource weights) in Many.Take(5))
        {
            using SplitBackend split = new(new ReferenceBackend(), new ReferenceBackend(), new SplitOptions { Layers = 1, KvTokens = 32 });
            Assert.Equal(GraphRun.Logits(whole, graph, weights, RandomGraph.Vocabulary), GraphRun.Logits(split, graph, weights, RandomGraph.Vocabulary));
        }
    }

    [Fact]
    public void Blocks_have_the_bytes_of_whole_ones()
    {
        (_, ComputationGraph graph, IWeightSource weights) = Many.First();
        using CpuBackend whole = new(new CpuOptions { Threads = 1 });
        using SplitBackend split = Split(new CpuBackend(new CpuOptions { Threads = 1 }), 1);
        KvLayout layout = KvLayout.For(graph, KvType.F16, 4);

        byte[] expected = FirstBlock(whole), actual = FirstBlock(split);
        Assert.Equal(expected, actual);

        byte[] FirstBlock(IBackend backend)
        {
            using IGraphExecutor executor = backend.Load(graph, weights, 4);
            using IKvMemory kv = backend.AllocateKv(layout, 3);
            for (int block = 0; block < 3; block++) kv.Write(block, new byte[layout.BlockBytes]);
            ForwardBatch batch = new();
            batch.Add([1, 2, 3, 4], 0, [1], 4, LogitRows.None);
            executor.Run(batch, kv, []);
            kv.Copy(1, 2);
            byte[] bytes = new byte[layout.BlockBytes];
            kv.Read(2, bytes);
            Assert.Contains(bytes, value => value != 0);
            kv.Write(0, bytes);
            byte[] again = new byte[layout.BlockBytes];
            kv.Read(0, again);
            Assert.Equal(bytes, again);
            return bytes;
        }
    }

    [Fact]
    public void As_many_layers_are_on_the_device_as_it_has_memory_for()
    {
        (_, ComputationGraph graph, IWeightSource weights) = Many.First(item => item.Graph.Attentions.Count() == 3);
        SplitOptions options = new() { KvTokens = 100, Reserve = 1000 };
        long[] needed = [.. new[] { 1, 2 }.Select(layers => Needed(LayerCut.After(graph, layers).Front)), Needed(graph)];
        Assert.Equal(needed.Order(), needed);

        (long Bytes, int Layers)[] cases = [(0, 0), (needed[0] - 1, 0), (needed[0], 1), (needed[1] - 1, 1), (needed[1], 2), (needed[2] - 1, 2), (needed[2], 3)];
        foreach ((long bytes, int layers) in cases)
        {
            using SplitBackend split = new(new SmallBackend(bytes), new CpuBackend(new CpuOptions { Threads = 1 }), options);
            split.Load(graph, weights, 8).Dispose();
            Assert.Equal(layers, split.Layers);
        }

        long Needed(ComputationGraph part) =>
            part.Weights.Sum(weight => weights.Get(weight).ByteLength) + KvLayout.For(part, options.KvType, 1).BlockBytes * options.KvTokens + MemoryPlan.For(part).BytesPerRow * 8 + options.Reserve;
    }

    [Fact]
    public void A_cache_may_take_what_the_device_has_for_its_share()
    {
        (_, ComputationGraph graph, IWeightSource weights) = Many.First(item => item.Graph.Attentions.Count() == 2);
        using SplitBackend split = Split(new SmallBackend(1000), 1);
        split.Load(graph, weights, 8).Dispose();

        Assert.Equal(2000, split.KvBytesAvailable);
    }

    [Fact]
    public void Memory_of_another_backend_is_refused()
    {
        (_, ComputationGraph graph, IWeightSource weights) = Many.First();
        using SplitBackend split = Split(new CpuBackend(new CpuOptions { Threads = 1 }), 1);
        using IGraphExecutor executor = split.Load(graph, weights, 8);
        using HostKvMemory kv = new(KvLayout.For(graph, KvType.F16, 4), 1);
        ForwardBatch batch = new();
        batch.Add([1], 0, [0], 4, LogitRows.None);

        Assert.Throws<ArgumentException>(() => executor.Run(batch, kv, []));
    }

    [Fact]
    public void A_graph_that_goes_on_from_rows_needs_them()
    {
        (_, ComputationGraph graph, IWeightSource weights) = Many.First();
        using CpuBackend backend = new(new CpuOptions { Threads = 1 });
        LayerCut cut = LayerCut.After(graph, 1);
        using IGraphExecutor executor = backend.Load(cut.Back, weights, 8);
        using IKvMemory kv = backend.AllocateKv(KvLayout.For(cut.Back, KvType.F16, 4), 1);
        ForwardBatch batch = new();
        batch.Add([1], 0, [0], 4, LogitRows.None);

        Assert.Throws<ArgumentException>(() => executor.Run(batch, kv, []));
    }

    private static SplitBackend Split(IBackend device, int layers) => new(device, new CpuBackend(new CpuOptions { Threads = 1 }), new SplitOptions { Layers = layers, KvTokens = 32 });

    /// <summary>A device with so many bytes to give.</summary>
    private sealed class SmallBackend(long bytes) : IBackend
    {
        private readonly CpuBackend _cpu = new(new CpuOptions { Threads = 1 });

        public string Name => "small";

        public long? KvBytesAvailable => bytes;

        public IKvMemory AllocateKv(KvLayout layout, int blocks) => _cpu.AllocateKv(layout, blocks);

        public IGraphExecutor Load(ComputationGraph graph, IWeightSource weights, int maxRows, IProgress<double>? progress = null, CancellationToken cancellation = default) =>
            _cpu.Load(graph, weights, maxRows, progress, cancellation);

        public void Dispose() => _cpu.Dispose();
    }
}
