using AutoGlm.Formats.Quantization;

namespace AutoGlm.Formats.Tests.Quantization;

public class RandomBlocksTests
{
    public static TheoryData<string, float> Cases => [.. from format in BlockFormats.All from deviation in new[] { 0.02f, 0.5f } select (format.Name, deviation)];

    [Theory, MemberData(nameof(Cases))]
    public void ValuesHaveTheSpread(string name, float deviation)
    {
        BlockFormat format = BlockFormats.Get(name);
        byte[] blocks = new byte[(1 << 18) / format.BlockLength * format.BlockBytes];
        new RandomBlocks(format, deviation).Fill(blocks, seed: 5);
        Assert.Equal(-1, format.FirstNotFinite(blocks));
        float[] values = new float[1 << 18];
        format.Decode(blocks, values);
        double mean = values.Average(value => (double)value);
        double spread = Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
        Assert.InRange(mean, -0.05 * deviation, 0.05 * deviation);
        Assert.InRange(spread, 0.9 * deviation, 1.1 * deviation);
        Assert.All(values, value => Assert.InRange(value, -16 * deviation, 16 * deviation));
    }

    [Theory, MemberData(nameof(Cases))]
    public void TheSeedDecides(string name, float deviation)
    {
        BlockFormat format = BlockFormats.Get(name);
        Assert.Equal(Make(1), Make(1));
        Assert.NotEqual(Make(1), Make(2));

        byte[] Make(ulong seed)
        {
            byte[] blocks = new byte[10 * format.BlockBytes];
            new RandomBlocks(format, deviation).Fill(blocks, seed);
            return blocks;
        }
    }

    [Fact]
    public void PartsOfBlocksAreRefused() =>
        Assert.Throws<ArgumentException>(() => new RandomBlocks(BlockFormats.Get("Q4_0")).Fill(new byte[17], 1));
}
