using AutoGlm.Cuda.Linear;
using AutoGlm.Cuda.Modules;
using AutoGlm.Cuda.Tuning;
using AutoGlm.Formats.Quantization;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cuda.Tests.Linear;

/// <summary>What can be said of layouts and launches without a card.</summary>
public class LinearShapeTests
{
    private const int HopperShared = 227 * 1024, SmallestShared = 99 * 1024;

    public static TheoryData<TensorType> Types => new(PackedFormat.Types);

    [Theory]
    [MemberData(nameof(Types))]
    public void Packed_weights_are_hardly_larger_than_the_file_s(TensorType type)
    {
        PackedFormat format = PackedFormat.Get(type);

        double packed = format.UnitBytes / (double)PackedFormat.TileRows, file = BlockFormats.RowBytes(type, 256) * format.UnitColumns / 256.0;

        Assert.InRange(packed / file, 1, 1.06);
        Assert.Equal(0, format.UnitBytes % 16);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void The_bundle_has_each_kernel(TensorType type)
    {
        PackedFormat format = PackedFormat.Get(type);
        string module = "linear_" + format.Name;
        Assert.True(KernelBundle.Modules.TryGetValue(module, out string[]? targets));
        Assert.Equal(["90a", "80"], targets);
        foreach (string target in targets)
        {
            IReadOnlyCollection<string> kernels = PtxText.Parse(KernelBundle.Read(module, target)).Kernels;
            Assert.Contains(format.PackKernel, kernels);
            Assert.Contains("gemv_" + format.Name, kernels);
            foreach (int rows in GemmShape.TileRowsOf(target == "90a")) Assert.Contains($"gemm_{format.Name}_n{rows}", kernels);
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Launches_of_any_product_fit_the_card(TensorType type)
    {
        PackedFormat format = PackedFormat.Get(type);
        Random random = new(1);
        for (int i = 0; i < 2000; i++)
        {
            int columns = random.Next(1, 1 << random.Next(1, 16)), tiles = random.Next(1, 1 << random.Next(1, 14)), rows = random.Next(1, 1 << random.Next(1, 13));
            bool hopper = random.Next(2) == 0;
            int multiprocessors = hopper ? 132 : random.Next(20, 144), limit = hopper ? HopperShared : SmallestShared;
            CheckGemv(format, columns, tiles, rows, multiprocessors, hopper);
            GemmShape gemm = GemmShape.Choose(format, columns, tiles, rows, multiprocessors, hopper, CardTunings.Hopper);
            Assert.InRange(gemm.SharedBytes, 1, limit);
            Assert.InRange(gemm.Splits, 1, format.Units(columns));
            int tilesOfY = (tiles + 7) / 8 * ((rows + gemm.TileRows - 1) / gemm.TileRows);
            Assert.Equal(gemm.Blocks, tilesOfY * gemm.Splits);
            if (gemm.Splits == 1) continue;
            Assert.InRange(gemm.Blocks, 1, GemmShape.MaxSharedBlocks);
            Assert.InRange((long)gemm.Blocks * GemmShape.TileOutputs * gemm.TileRows, 1, GemmShape.MaxPartialFloats);
        }
    }

    [Fact]
    public void One_row_is_always_a_matrix_vector_product_in_real_models()
    {
        foreach (TensorType type in PackedFormat.Types)
        {
            foreach (int columns in (ReadOnlySpan<int>)[576, 4096, 14336, 28672]) Assert.NotNull(GemvShape.Choose(PackedFormat.Get(type), columns, 256, 1, 132, HopperShared, true, CardTunings.Hopper));
        }
    }

    [Fact]
    public void Small_matrices_have_short_rings_and_few_warps()
    {
        PackedFormat format = PackedFormat.Get(TensorType.Q4_0);

        // 60 tiles of 5 units for 132 multiprocessors: 4 warps to a tile, which read at most two units each.
        GemvShape all = GemvShape.Choose(format, 576, 60, 1, 132, HopperShared, true, CardTunings.Hopper)!.Value;
        Assert.Equal((60, 4, 4, 2), (all.Blocks, all.Warps, all.Splits, all.Stages));
        // Of few blocks each has many tiles.
        GemvShape few = GemvShape.Choose(format, 576, 60, 1, 132, HopperShared, true, CardTunings.Hopper, 4)!.Value;
        Assert.Equal((4, 16, 4), (few.Blocks, few.Warps, few.Splits));
        Assert.True(few.Stages > all.Stages);
    }

    private static void CheckGemv(PackedFormat format, int columns, int tiles, int rows, int multiprocessors, bool hopper)
    {
        int limit = hopper ? HopperShared : SmallestShared;
        if (rows > GemvShape.MaxRows || GemvShape.Choose(format, columns, tiles, rows, multiprocessors, limit, hopper, CardTunings.Hopper) is not { } gemv) return;
        Assert.InRange(gemv.SharedBytes, 1, limit);
        Assert.Equal(0, gemv.Warps % gemv.Splits);
        Assert.InRange(gemv.Stages, hopper ? 2 : 4, 16);
        Assert.InRange(gemv.Blocks, 1, multiprocessors);
    }
}
