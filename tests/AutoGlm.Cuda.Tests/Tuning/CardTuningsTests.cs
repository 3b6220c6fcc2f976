using AutoGlm.Cuda.Elementwise;
using AutoGlm.Cuda.Linear;
using AutoGlm.Cuda.Tuning;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cuda.Tests.Tuning;

public class CardTuningsTests
{
    [Fact]
    public void A_row_says_whether_it_was_measured_on_the_card()
    {
        Assert.Equal("H100/H200 (measured)", CardTunings.For(Cards.H100).ToString());
        Assert.Equal("H100/H200 (not measured on this card)", CardTunings.For(Cards.H100 with { Name = "NVIDIA H200" }).ToString());
        Assert.Equal("derived for compute capability 8.9 (not measured on this card)", CardTunings.For(Cards.Of("8.9")).ToString());
        Assert.Equal("derived for compute capability 10.0 (not measured on this card)", CardTunings.For(Cards.H100 with { ComputeCapability = new Version(10, 0) }).ToString());
    }

    [Theory]
    [InlineData("8.0", 104 << 10)]
    [InlineData("8.6", 66 << 10)]
    [InlineData("8.9", 66 << 10)]
    [InlineData("12.0", 66 << 10)]
    public void Derived_launches_fit_the_card(string capability, int ringBytes)
    {
        CardAttributes card = Cards.Of(capability);
        CardTuning tuning = CardTunings.For(card);
        Assert.Equal(ringBytes, tuning.GemvRingBytes);
        Assert.Null(tuning.ElementThreads);
        Assert.InRange(tuning.NormThreads, 32, card.ThreadsPerMultiprocessor);
        const int FewestStages = 4;
        Random random = new(9);
        foreach (PackedFormat format in PackedFormat.Types.Select(PackedFormat.Get))
        {
            Assert.NotNull(GemvShape.Choose(format, 4096, 256, 1, 84, card.SharedBytesPerBlock, hopper: false, tuning));
            for (int i = 0; i < 500; i++)
            {
                int columns = random.Next(1, 1 << random.Next(1, 16)), tiles = random.Next(1, 1 << random.Next(1, 14)), multiprocessors = random.Next(20, 190);
                GemvShape? gemv = GemvShape.Choose(format, columns, tiles, random.Next(1, 9), multiprocessors, card.SharedBytesPerBlock, hopper: false, tuning);
                // A block, and what the driver keeps of it, is to fit beside nothing else.
                Assert.InRange((gemv?.SharedBytes ?? 0) + CardAttributes.ReservedBytes, 0, card.SharedBytesPerMultiprocessor);
                Assert.InRange(gemv?.Stages * gemv?.Warps * format.UnitBytes ?? 0, 0, Math.Max(ringBytes, FewestStages * gemv?.Warps * format.UnitBytes ?? 0));
                GemmShape gemm = GemmShape.Choose(format, columns, tiles, random.Next(1, 4096), multiprocessors, hopper: false, tuning);
                Assert.InRange(gemm.SharedBytes + CardAttributes.ReservedBytes, 0, card.SharedBytesPerMultiprocessor);
            }
        }
    }

    [Theory]
    [InlineData(4096, 1)]
    [InlineData(65536, 4)]
    [InlineData(1 << 20, 16)]
    public void A_row_s_numbers_reach_the_launches(int ringBytes, int warps)
    {
        CardTuning tuning = CardTunings.Hopper with { GemvRingBytes = ringBytes, GemvWarps = Math.Max(4, warps), GemvSplits = warps, GemmSplits = 2 };
        PackedFormat format = PackedFormat.Get(TensorType.Q4_K);
        GemvShape gemv = GemvShape.Choose(format, 4096, 896, 1, 132, 227 << 10, hopper: true, tuning)!.Value;

        Assert.Equal((Math.Max(4, warps), warps), (gemv.Warps, gemv.Splits));
        Assert.InRange(gemv.SharedBytes, 1, 227 << 10);
        Assert.Equal(2, GemmShape.Choose(format, 4096, 256, 128, 132, hopper: true, tuning).Splits);
    }

    [Theory]
    [InlineData(1024, 1, 32)]
    [InlineData(1024, 144, 160)]
    [InlineData(768, 1024, 768)]
    [InlineData(1024, 1L << 40, 1024)]
    public void Flat_blocks_have_no_more_warps_than_a_row_needs(int best, long threads, int expected) => Assert.Equal(expected, FlatBlocks.Fit(best, threads));
}
