using System.Security.Cryptography;
using System.Text;
using AutoGlm.Cuda.FlashAttention;
using AutoGlm.Cuda.Linear;
using AutoGlm.Cuda.Tuning;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cuda.Tests.Tuning;

/// <summary>The launches that an H100 has, as they were when its speed was measured: a change of one is a change to measure anew.</summary>
public class MeasuredShapeTests
{
    private const int Multiprocessors = 132, Shared = 227 * 1024;

    private static readonly CardTuning Tuning = CardTunings.For(Cards.H100);

    [Theory]
    [InlineData(TensorType.Q4_K, 4096, 896, 1, "132 16 8 2 89728")]
    [InlineData(TensorType.Q4_K, 4096, 256, 1, "128 16 8 2 89728")]
    [InlineData(TensorType.Q4_K, 14336, 256, 8, "none")]
    [InlineData(TensorType.Q8_0, 4096, 896, 1, "132 16 8 3 118784")]
    [InlineData(TensorType.Q6_K, 4096, 8016, 1, "132 16 8 2 121728")]
    [InlineData(TensorType.BF16, 4096, 896, 1, "132 16 16 2 144768")]
    [InlineData(TensorType.BF16, 14336, 256, 4, "132 8 8 3 222016")]
    [InlineData(TensorType.Q4_0, 576, 36, 1, "36 4 4 2 12048")]
    [InlineData(TensorType.MXFP4, 2880, 360, 2, "132 16 8 5 114656")]
    [InlineData(TensorType.F16, 28672, 512, 8, "none")]
    public void A_product_of_few_rows(TensorType type, int columns, int tiles, int rows, string expected) =>
        Assert.Equal(expected, Text(Gemv(type, columns, tiles, rows)));

    [Theory]
    [InlineData(TensorType.Q4_K, 4096, 896, 16, "16 1 112 113152 384")]
    [InlineData(TensorType.Q4_K, 4096, 256, 128, "128 4 128 176128 384")]
    [InlineData(TensorType.BF16, 14336, 256, 2048, "256 1 256 231424 384")]
    [InlineData(TensorType.BF16, 4096, 256, 512, "128 1 128 231424 384")]
    [InlineData(TensorType.Q8_0, 576, 36, 64, "64 5 25 137216 384")]
    public void A_product_of_many_rows(TensorType type, int columns, int tiles, int rows, string expected) =>
        Assert.Equal(expected, Text(Gemm(type, columns, tiles, rows)));

    [Fact]
    public void Any_product()
    {
        Random random = new(7);
        StringBuilder shapes = new();
        foreach (TensorType type in PackedFormat.Types.Order())
        {
            for (int i = 0; i < 1000; i++)
            {
                int columns = random.Next(1, 1 << random.Next(1, 16)), tiles = random.Next(1, 1 << random.Next(1, 14)), few = random.Next(1, 9), many = random.Next(1, 4096);
                shapes.Append(Gemv(type, columns, tiles, few)).Append(Gemv(type, columns, tiles, few, random.Next(1, 300))).Append(Gemm(type, columns, tiles, many)).Append('\n');
            }
        }

        Assert.Equal("610B7650840EFEA7", Digest(shapes));
    }

    [Fact]
    public void Any_batch_s_attention()
    {
        Random random = new(8);
        StringBuilder shapes = new();
        for (int i = 0; i < 1000; i++)
        {
            TilePlan plan = Plan(random.Next(2) == 0 ? 16 : 128, random.Next(2) == 0 ? 64 : 512, random.Next(4) == 0 ? 1024 : 0);
            int row = 0;
            for (int sequence = random.Next(1, 20); sequence > 0; sequence--)
            {
                int rows = random.Next(1, 1 << random.Next(1, 9));
                plan.Add(new BatchSequence(row, rows, random.Next(1 << random.Next(1, 17)), 0, 0));
                row += rows;
            }

            plan.Finish();
            foreach (AttentionTile tile in plan.Tiles) shapes.Append($"{tile.Row} {tile.Rows} {tile.KeyBegin} {tile.KeyEnd} {tile.Part} {tile.Parts} {tile.Slot}\n");
        }

        Assert.Equal("0801790AB4671A28", Digest(shapes));
    }

    private static string Text(GemvShape? shape) => shape is { } it ? $"{it.Blocks} {it.Warps} {it.Splits} {it.Stages} {it.SharedBytes}" : "none";

    private static string Text(GemmShape shape) => $"{shape.TileRows} {shape.Splits} {shape.Blocks} {shape.SharedBytes} {shape.Threads}";

    private static string Digest(StringBuilder text) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..16];

    private static GemvShape? Gemv(TensorType type, int columns, int tiles, int rows, int mostBlocks = int.MaxValue) =>
        GemvShape.Choose(PackedFormat.Get(type), columns, tiles, rows, Multiprocessors, Shared, hopper: true, Tuning, mostBlocks);

    private static GemmShape Gemm(TensorType type, int columns, int tiles, int rows) =>
        GemmShape.Choose(PackedFormat.Get(type), columns, tiles, rows, Multiprocessors, hopper: true, Tuning);

    private static TilePlan Plan(int tileRows, int leastKeys, int window) => new(tileRows, leastKeys, 2 * Multiprocessors, 8, 4, window, Tuning);
}
