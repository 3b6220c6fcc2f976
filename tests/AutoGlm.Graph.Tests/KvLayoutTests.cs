using AutoGlm.Graph.Execution;

namespace AutoGlm.Graph.Tests;

public class KvLayoutTests
{
    [Theory]
    [InlineData(KvType.F32, 4, 0)]
    [InlineData(KvType.F16, 2, 0)]
    [InlineData(KvType.Q8_0, 1, 2)]
    public void Layers_follow_one_another_without_overlap(KvType type, int bytes, int scaleBytes)
    {
        foreach (int blockTokens in new[] { 1, 3, 16 })
        {
            KvLayout layout = KvLayout.For(Graph(64, 96), type, blockTokens);

            long end = 0;
            foreach (KvLayerLayout layer in layout.Layers)
            {
                end = AssertAt(end, layer.KeyOffset, layer.KeyScaleOffset, 2L * blockTokens * 64);
                end = AssertAt(end, layer.ValueOffset, layer.ValueScaleOffset, 2L * blockTokens * 96);
            }

            Assert.Equal(2, layout.Layers.Count);
            Assert.Equal(end, layout.BlockBytes);
        }

        long AssertAt(long end, long offset, long scaleOffset, long numbers)
        {
            Assert.Equal(end, offset);
            long next = Padded(end + numbers * bytes);
            Assert.Equal(scaleBytes == 0 ? offset : next, scaleOffset);
            return Padded(next + numbers / KvLayout.GroupLength * scaleBytes);
        }
    }

    [Fact]
    public void Groups_that_a_head_does_not_fill_are_refused()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => KvLayout.For(Graph(64, 80), KvType.Q8_0, 16));

        Assert.Contains("groups of 32, but layer 0 has heads of 80 columns", error.Message, StringComparison.Ordinal);
        Assert.NotNull(KvLayout.For(Graph(64, 80), KvType.F16, 16));
    }

    private static long Padded(long bytes) => (bytes + 63) & ~63L;

    private static ComputationGraph Graph(int keySize, int valueSize)
    {
        GraphBuilder b = new();
        Value x = b.Embed("e", 10, 32);
        for (int layer = 0; layer < 2; layer++)
        {
            Value q = b.MatMul(x, $"q{layer}", 4 * keySize), k = b.MatMul(x, $"k{layer}", 2 * keySize), v = b.MatMul(x, $"v{layer}", 2 * valueSize);
            x = b.MatMul(b.Attention(q, k, v, 4, 2), $"o{layer}", 32);
        }

        return b.Finish(b.Select(x));
    }
}
