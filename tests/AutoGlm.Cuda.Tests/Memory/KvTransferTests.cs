using AutoGlm.Cuda.Tests.Plan;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Passes;

namespace AutoGlm.Cuda.Tests.Memory;

/// <summary>Blocks that are copied between host and card while steps run arrive whole, and in the order they were begun.</summary>
public class KvTransferTests
{
    private const int Blocks = 24, BlockTokens = 16;

    [Theory]
    [InlineData(KvType.F16)]
    [InlineData(KvType.Q8_0)]
    public void Blocks_come_back_as_they_went(KvType type)
    {
        Gpu.Open().Dispose();
        using CudaBackend backend = new();
        using IAsyncKvMemory kv = Memory(backend, type);
        using IKvStaging staging = kv.CreateStaging(4);
        Random random = new((int)type);
        byte[][] blocks = [.. Enumerable.Range(0, Blocks).Select(_ => new byte[kv.Layout.BlockBytes])];
        for (int turn = 0; turn < 400; turn++)
        {
            int block = random.Next(Blocks), other = random.Next(Blocks), slot = random.Next(4);
            switch (random.Next(4))
            {
                case 0:
                    random.NextBytes(staging[slot]);
                    blocks[block] = staging[slot].ToArray();
                    kv.BeginWrite(block, staging, slot).Dispose();
                    break;
                case 1:
                    random.NextBytes(blocks[block]);
                    kv.Write(block, blocks[block]);
                    break;
                case 2:
                    kv.Copy(block, other);
                    blocks[other] = [.. blocks[block]];
                    break;
                default:
                    using (IKvTransfer read = kv.BeginRead(block, staging, slot))
                    {
                        read.Wait();
                        Assert.True(read.IsDone);
                        Assert.Equal(blocks[block], staging[slot].ToArray());
                    }

                    break;
            }
        }

        byte[] bytes = new byte[kv.Layout.BlockBytes];
        for (int block = 0; block < Blocks; block++)
        {
            kv.Read(block, bytes);
            Assert.Equal(blocks[block], bytes);
        }
    }

    /// <summary>A context that is taken away and brought back, to other blocks, goes on as one that stayed, with nobody waiting.</summary>
    [Fact]
    public void Steps_see_what_transfers_before_them_brought()
    {
        Gpu.Open().Dispose();
        using CudaBackend backend = new();
        (ComputationGraph graph, IWeightSource weights) = WideDecoder.Make(TensorType.Q8_0);
        graph = GraphOptimizer.Optimize(graph);
        using IGraphExecutor executor = backend.Load(graph, weights, 4 * BlockTokens);
        using IAsyncKvMemory kv = (IAsyncKvMemory)backend.AllocateKv(KvLayout.For(graph, KvType.F16, BlockTokens), Blocks);
        using IKvStaging staging = kv.CreateStaging(4);
        int[] here = [0, 1, 2, 3], there = [20, 17, 9, 12];
        for (int round = 0; round < 20; round++)
        {
            Run(executor, kv, here, 0, 3 * BlockTokens + 5 + round % 8);
            float[] expected = Run(executor, kv, here, 3 * BlockTokens + 5 + round % 8, 1);
            List<IKvTransfer> reads = [.. here.Select((block, slot) => kv.BeginRead(block, staging, slot))];
            // Steps of others go on meanwhile, and blocks are overwritten once they are copied.
            Run(executor, kv, [5, 6], 0, 20);
            foreach (IKvTransfer read in reads) read.Dispose();
            foreach (int block in here.Concat(there)) kv.Write(block, new byte[kv.Layout.BlockBytes]);
            List<IKvTransfer> writes = [.. there.Select((block, slot) => kv.BeginWrite(block, staging, slot))];

            float[] actual = Run(executor, kv, there, 3 * BlockTokens + 5 + round % 8, 1);

            foreach (IKvTransfer write in writes) write.Dispose();
            Assert.Equal(expected, actual);
        }
    }

    private static float[] Run(IGraphExecutor executor, IKvMemory kv, int[] blocks, int start, int rows)
    {
        ForwardBatch batch = new();
        batch.Add([.. Enumerable.Range(start, rows).Select(i => i * 5 % WideDecoder.Vocabulary)], start, blocks, BlockTokens, LogitRows.Last);
        float[] logits = new float[WideDecoder.Vocabulary];
        executor.Run(batch, kv, logits);
        return logits;
    }

    private static IAsyncKvMemory Memory(CudaBackend backend, KvType type)
    {
        (ComputationGraph graph, _) = WideDecoder.Make(TensorType.F32);
        return (IAsyncKvMemory)backend.AllocateKv(KvLayout.For(graph, type, BlockTokens), Blocks);
    }
}
