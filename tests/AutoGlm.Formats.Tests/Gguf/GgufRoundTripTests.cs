using AutoGlm.Formats.Gguf;
using AutoGlm.Formats.Quantization;
using AutoGlm.Formats.Tensors;
using CsCheck;

namespace AutoGlm.Formats.Tests.Gguf;

public class GgufRoundTripTests
{
    private static readonly Gen<string> Name = Gen.String[Gen.Char['a', 'z'], 1, 12];

    private static readonly Gen<string> Text = Gen.OneOf(Gen.String[Gen.Char[' ', '\u07FF'], 0, 20], Gen.Const("𝔘nicode 🙂"));

    private static readonly Gen<GgufValue> Flat = Gen.OneOf(
        Gen.Byte.Select(GgufValue.Of), Gen.SByte.Select(GgufValue.Of), Gen.UShort.Select(GgufValue.Of), Gen.Short.Select(GgufValue.Of),
        Gen.UInt.Select(GgufValue.Of), Gen.Int.Select(GgufValue.Of), Gen.ULong.Select(GgufValue.Of), Gen.Long.Select(GgufValue.Of),
        Gen.Single.Select(GgufValue.Of), Gen.Double.Select(GgufValue.Of), Gen.Bool.Select(GgufValue.Of), Text.Select(GgufValue.Of));

    private static readonly Gen<GgufValue> Arrays = Gen.OneOf(
        Gen.Byte.Array[0, 9].Select(a => GgufValue.OfArray<byte>(a)), Gen.SByte.Array[0, 9].Select(a => GgufValue.OfArray<sbyte>(a)),
        Gen.UShort.Array[0, 9].Select(a => GgufValue.OfArray<ushort>(a)), Gen.Short.Array[0, 9].Select(a => GgufValue.OfArray<short>(a)),
        Gen.UInt.Array[0, 9].Select(a => GgufValue.OfArray<uint>(a)), Gen.Int.Array[0, 9].Select(a => GgufValue.OfArray<int>(a)),
        Gen.ULong.Array[0, 9].Select(a => GgufValue.OfArray<ulong>(a)), Gen.Long.Array[0, 9].Select(a => GgufValue.OfArray<long>(a)),
        Gen.Single.Array[0, 9].Select(a => GgufValue.OfArray<float>(a)), Gen.Double.Array[0, 9].Select(a => GgufValue.OfArray<double>(a)),
        Gen.Bool.Array[0, 9].Select(a => GgufValue.OfArray<bool>(a)), Text.Array[0, 9].Select(a => GgufValue.OfArray(a)));

    private static readonly Gen<GgufValue> Nested = Gen.Recursive<GgufValue>((depth, inner) =>
        depth > 3 ? Arrays : Gen.Frequency((3, Arrays), (1, inner.Array[0, 3].Select(a => GgufValue.OfArrays(a)))));

    private static readonly Gen<(BlockFormat Format, long[] Shape)> Shape = Gen.Select(
        Gen.Int[0, BlockFormats.All.Count - 1].Select(i => BlockFormats.All[i]), Gen.Long[1, 3].Array[0, 3], Gen.Long[1, 3],
        (format, outer, blocks) => (format, (long[])[.. outer, blocks * format.BlockLength]));

    [Fact]
    public void WhatIsWrittenIsRead() => Gen.Select(
        Gen.Dictionary(Name, Gen.OneOf(Flat, Arrays, Nested))[0, 12],
        Gen.Dictionary(Name, Shape)[0, 6],
        Gen.Int[0, 12].Select(i => 1u << i),
        Gen.Int).Sample((pairs, shapes, alignment, seed) =>
    {
        using var folder = new TempFolder();
        var metadata = new GgufMetadata { [GgufHeader.AlignmentKey] = alignment };
        foreach ((string key, GgufValue value) in pairs) metadata[key] = value;
        var random = new Random(seed);
        var data = shapes.ToDictionary(item => item.Key, item => RandomBytes(random, item.Value.Format, item.Value.Shape));
        var writer = new GgufWriter(metadata);
        foreach ((string name, (BlockFormat format, long[] shape)) in shapes) writer.Add(name, format.Type, shape, stream => stream.Write(data[name]));
        writer.Write(folder["a.gguf"]);

        using GgufFile file = GgufFile.Open(folder["a.gguf"]);
        Assert.Equal(metadata.Keys, file.Metadata.Keys);
        foreach ((string key, GgufValue value) in metadata)
        {
            Assert.True(file.Metadata.TryGet(key, out GgufValue? read));
            AssertSame(value, read);
        }

        Assert.Equal(shapes.Keys, file.Tensors.Keys);
        foreach (Tensor tensor in file.Tensors.Values)
        {
            Assert.Equal(shapes[tensor.Name].Shape, tensor.Shape);
            Assert.Equal(shapes[tensor.Name].Format.Type, tensor.Type);
            Assert.Equal(data[tensor.Name], tensor.Rows(0, (int)tensor.RowCount).ToArray());
            tensor.Prefetch();
            tensor.Discard();
            Assert.Equal(data[tensor.Name][..(int)tensor.RowBytes], tensor.Rows(0, 1).ToArray());
        }

        AssertCopiesAlike(file, folder);
    }, iter: 200, threads: 1);

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3)]
    public void AnyPartOpensTheWhole(int opened)
    {
        using var folder = new TempFolder();
        WriteParts(folder, "model", 3);
        using GgufFile file = GgufFile.Open(folder[$"model-{opened:D5}-of-00003.gguf"]);
        Assert.Equal(["t0", "t1", "t2"], file.Tensors.Keys);
        Assert.Equal([2f], file.Tensors["t2"].Decode());
        Assert.Equal("llama", file.Metadata.GetString("general.architecture"));
        Assert.Equal(3, file.Parts.Count);
    }

    [Fact]
    public void FaultyPartsAreNamed()
    {
        using var folder = new TempFolder();
        WriteParts(folder, "model", 3);
        string first = folder["model-00001-of-00003.gguf"], second = folder["model-00002-of-00003.gguf"], third = folder["model-00003-of-00003.gguf"];

        File.Copy(third, folder["renamed.gguf"]);
        Check(folder["renamed.gguf"], folder["renamed.gguf"], "split.count", "must be named");
        File.Copy(second, folder["twice-00001-of-00003.gguf"]);
        Check(folder["twice-00001-of-00003.gguf"], folder["twice-00001-of-00003.gguf"], "split.no", "is 1");
        File.Copy(first, third, overwrite: true);
        Check(first, third, "split.no", "is 0");
        WritePart(folder, "model", 2, 3, tensor: "t0");
        Check(first, third, "tensor 't0'", "two parts");
        WritePart(folder, "model", 2, 3, tensor: "t2", total: 9);
        WritePart(folder, "model", 0, 3, tensor: "t0", total: 9);
        Check(first, first, "split.tensors.count", "says 9, but the parts hold 3");
        File.Delete(second);
        Check(third, second, "file", "is missing");

        static void Check(string open, string file, string field, string reason)
        {
            var error = Assert.Throws<ModelFormatException>(() => GgufFile.Open(open));
            Assert.Equal((file, field), (error.File, error.Field));
            Assert.Contains(reason, error.Reason);
        }
    }

    [Fact]
    public void AFailedWriteLeavesNothing()
    {
        using var folder = new TempFolder();
        var writer = new GgufWriter([]);
        writer.Add("t", TensorType.F32, [4], stream => stream.Write(new byte[12]));
        Assert.Throws<InvalidOperationException>(() => writer.Write(folder["a.gguf"]));
        Assert.Empty(Directory.EnumerateFiles(folder.Path));
        Assert.Throws<ArgumentException>(() => writer.Add("t", TensorType.F32, [4], _ => { }));
        Assert.Throws<ArgumentException>(() => writer.Add("u", TensorType.Q8_0, [4], _ => { }));
        Assert.Throws<ArgumentException>(() => writer.Add("u", TensorType.F32, [0], _ => { }));
    }

    [Fact]
    public void RealFilesReadWholeAndCopyAlike()
    {
        string[] paths = [.. Directory.EnumerateFiles(TestData.Shared("goldens"), "*.gguf")];
        Assert.NotEmpty(paths);
        foreach (string path in paths)
        {
            using var folder = new TempFolder();
            using GgufFile file = GgufFile.Open(path);
            Assert.Equal(file.Tensors["token_embd.weight"].Shape[0], file.Metadata.GetStrings("tokenizer.ggml.tokens").Count);
            Assert.All(file.Tensors.Values, tensor => Assert.Equal(-1, tensor.Format.FirstNotFinite(tensor.Rows(0, (int)tensor.RowCount))));
            AssertCopiesAlike(file, folder);
        }
    }

    [Fact]
    public void AVocabularyOf128ThousandTakesLittleMoreMemoryThanTheFile()
    {
        string path = TestData.Shared("tokenizers", "ggml-vocab-llama-bpe.gguf");
        GgufFile.Open(path).Dispose();
        long before = GC.GetAllocatedBytesForCurrentThread();
        using GgufFile file = GgufFile.Open(path);
        string[] tokens = file.Metadata.GetStrings("tokenizer.ggml.tokens").ToArray();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(128256, tokens.Length);
        Assert.True(allocated < 3 * file.FileBytes, $"{allocated} bytes");
    }

    private static void WriteParts(TempFolder folder, string stem, int count)
    {
        for (int i = 0; i < count; i++) WritePart(folder, stem, i, count, $"t{i}");
    }

    private static void WritePart(TempFolder folder, string stem, int number, int count, string tensor, int total = 3)
    {
        var metadata = new GgufMetadata();
        if (number == 0) metadata["general.architecture"] = "llama";
        metadata["split.no"] = GgufValue.Of((ushort)number);
        metadata["split.count"] = GgufValue.Of((ushort)count);
        metadata["split.tensors.count"] = total;
        var writer = new GgufWriter(metadata);
        writer.Add(tensor, TensorType.F32, [1], stream => stream.Write(BitConverter.GetBytes((float)number)));
        writer.Write(folder[$"{stem}-{number + 1:D5}-of-{count:D5}.gguf"]);
    }

    /// <summary>Writing all that was read gives a file that reads alike, and whose own copy is the same to the byte.</summary>
    private static void AssertCopiesAlike(GgufFile file, TempFolder folder)
    {
        Copy(file, folder["b.gguf"]);
        using GgufFile copy = GgufFile.Open(folder["b.gguf"]);
        Assert.Equal(file.Metadata.Keys, copy.Metadata.Keys);
        foreach ((string key, GgufValue value) in file.Metadata)
        {
            Assert.True(copy.Metadata.TryGet(key, out GgufValue? read));
            AssertSame(value, read);
        }

        foreach (Tensor tensor in file.Tensors.Values)
        {
            Assert.True(tensor.Rows(0, (int)tensor.RowCount).SequenceEqual(copy.Tensors[tensor.Name].Rows(0, (int)tensor.RowCount)));
        }

        Copy(copy, folder["c.gguf"]);
        Assert.Equal(File.ReadAllBytes(folder["b.gguf"]), File.ReadAllBytes(folder["c.gguf"]));
    }

    private static void Copy(GgufFile file, string path)
    {
        var writer = new GgufWriter(file.Metadata);
        foreach (Tensor tensor in file.Tensors.Values) writer.Add(tensor);
        writer.Write(path);
    }

    private static byte[] RandomBytes(Random random, BlockFormat format, long[] shape)
    {
        byte[] bytes = new byte[shape.Aggregate(1L, (a, b) => a * b) / format.BlockLength * format.BlockBytes];
        random.NextBytes(bytes);
        return bytes;
    }

    private static void AssertSame(GgufValue expected, GgufValue actual)
    {
        Assert.Equal((expected.Type, expected.ElementType, expected.Count), (actual.Type, actual.ElementType, actual.Count));
        if (expected.Value is GgufValue[] arrays)
        {
            foreach ((GgufValue a, GgufValue b) in arrays.Zip((GgufValue[])actual.Value)) AssertSame(a, b);
        }
        else
        {
            Assert.Equal(expected.Value, actual.Value);
        }
    }
}
