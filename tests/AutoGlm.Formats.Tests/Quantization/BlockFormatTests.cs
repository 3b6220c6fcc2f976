using System.Runtime.InteropServices;
using AutoGlm.Formats.Quantization;
using AutoGlm.Formats.Tensors;
using CsCheck;

namespace AutoGlm.Formats.Tests.Quantization;

public class BlockFormatTests
{
    public static TheoryData<string> WithReference => [.. BlockFormats.All.Select(f => f.Name).Except(["F32", "F16"])];

    public static TheoryData<string> All => [.. BlockFormats.All.Select(f => f.Name)];

    [Theory, MemberData(nameof(WithReference))]
    public void DecodesFixtureBitForBit(string name) =>
        AssertDecodes(name, TestData.InRepository("tests", "AutoGlm.Formats.Tests", "Fixtures", "quants"));

    [Theory, MemberData(nameof(WithReference))]
    public void DecodesAllReferenceBlocksBitForBit(string name) => AssertDecodes(name, TestData.Shared("quants"));

    [Fact]
    public void F16DecodesEveryCodeAsTheRuntimeDoes()
    {
        byte[] codes = MemoryMarshal.AsBytes(Enumerable.Range(0, 65536).Select(i => (ushort)i).ToArray().AsSpan()).ToArray();
        float[] values = new float[65536];
        BlockFormats.Get("f16").Decode(codes, values);
        for (int i = 0; i < values.Length; i++)
        {
            Assert.Equal(BitConverter.SingleToUInt32Bits((float)BitConverter.UInt16BitsToHalf((ushort)i)), BitConverter.SingleToUInt32Bits(values[i]));
        }
    }

    [Fact]
    public void F32IsCopied() => Gen.Single.Array[0, 100].Sample(values =>
    {
        float[] decoded = new float[values.Length];
        BlockFormats.Get(TensorType.F32).Decode(MemoryMarshal.AsBytes(values.AsSpan()), decoded);
        return MemoryMarshal.AsBytes(values.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(decoded.AsSpan()));
    });

    [Theory, MemberData(nameof(All))]
    public void LookupAgreesWithItself(string name)
    {
        BlockFormat format = BlockFormats.Get(name.ToLowerInvariant());
        Assert.Equal(name, format.Name);
        Assert.Equal(name, format.Type.ToString());
        Assert.Same(format, BlockFormats.Get(format.Type));
        Assert.Equal(3 * format.BlockBytes, BlockFormats.RowBytes(format.Type, 3 * format.BlockLength));
        if (format.BlockLength > 1) Assert.Throws<ArgumentException>(() => format.RowBytes(format.BlockLength - 1));
        Assert.Throws<ArgumentException>(() => format.RowBytes(-format.BlockLength));
        Assert.Throws<ArgumentException>(() => format.Decode(new byte[format.BlockBytes + 1], new float[format.BlockLength]));
        Assert.Throws<ArgumentException>(() => format.Decode(new byte[format.BlockBytes], new float[format.BlockLength + 1]));
    }

    [Fact]
    public void EveryTensorTypeHasAFormat() =>
        Assert.Equal(Enum.GetValues<TensorType>().Order(), BlockFormats.All.Select(f => f.Type).Order());

    [Theory, MemberData(nameof(All))]
    public void NotFiniteScalesAreFound(string name)
    {
        BlockFormat format = BlockFormats.Get(name);
        byte[] blocks = new byte[40 * format.BlockBytes];
        Assert.Equal(-1, format.FirstNotFinite(blocks));
        foreach (byte offset in format.HalfOffsets)
        {
            foreach ((Half bad, int at) in new[] { (Half.NaN, 3), (Half.PositiveInfinity, 21), (Half.NegativeInfinity, 39) })
            {
                byte[] damaged = [.. blocks];
                BitConverter.TryWriteBytes(damaged.AsSpan(at * format.BlockBytes + offset), bad);
                Assert.Equal(at, format.FirstNotFinite(damaged));
            }
        }

        if (format.HalfOffsets.Length > 0 || format.BlockLength > 1) return;
        // Plain float types without half scales: all ones is NaN.
        blocks.AsSpan(37 * format.BlockBytes).Fill(0xFF);
        Assert.Equal(37, format.FirstNotFinite(blocks));
    }

    private static void AssertDecodes(string name, string folder)
    {
        byte[] blocks = File.ReadAllBytes(Path.Combine(folder, name + ".blocks.bin"));
        byte[] expected = File.ReadAllBytes(Path.Combine(folder, name + ".f32.bin"));
        float[] values = new float[expected.Length / 4];
        BlockFormats.Get(name).Decode(blocks, values);
        Assert.True(values.Length >= 48);
        Assert.Equal(MemoryMarshal.Cast<byte, uint>(expected).ToArray(), MemoryMarshal.Cast<float, uint>(values.AsSpan()).ToArray());
    }
}
