using AutoGlm.Formats.Tensors;
using AutoGlm.Graph;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Tests;

namespace AutoGlm.Cpu.Tests;

/// <summary>Blocks that are copied out and in by begun transfers.</summary>
public class HostKvMemoryTests
{
    [Fact]
    public void Begun_copies_bring_the_bytes()
    {
        (ComputationGraph graph, _) = RandomGraph.Make(1, TensorType.F32);
        using HostKvMemory memory = new(KvLayout.For(graph, KvType.F16, 4), 3);
        using IKvStaging staging = memory.CreateStaging(2);
        byte[] bytes = new byte[memory.Layout.BlockBytes], copied = new byte[bytes.Length];
        new Random(1).NextBytes(bytes);
        memory.Write(1, bytes);

        using (IKvTransfer read = memory.BeginRead(1, staging, 1))
        {
            read.Wait();
            Assert.True(read.IsDone);
        }

        Assert.Equal(bytes, staging[1].ToArray());
        using (IKvTransfer write = memory.BeginWrite(2, staging, 1)) write.Wait();
        memory.Read(2, copied);
        Assert.Equal(bytes, copied);
        Assert.Equal(2, staging.BlockCount);
    }

    [Fact]
    public void Blocks_that_are_not_there_are_refused()
    {
        (ComputationGraph graph, _) = RandomGraph.Make(1, TensorType.F32);
        using HostKvMemory memory = new(KvLayout.For(graph, KvType.F16, 4), 3);
        using IKvStaging staging = memory.CreateStaging(2);

        Assert.Throws<ArgumentOutOfRangeException>(() => memory.BeginRead(3, staging, 0));
        Assert.ThrowsAny<Exception>(() => memory.BeginWrite(0, staging, 2));
    }
}
