using System.Runtime.InteropServices;
using System.Text;
using AutoGlm.Formats.Safetensors;
using AutoGlm.Formats.Tensors;
using CsCheck;

namespace AutoGlm.Formats.Tests.Safetensors;

public class SafetensorsTests
{
    private const string T = "tensor 't'";

    private static readonly Gen<(SafetensorsDtype Dtype, long[] Shape)> Shape = Gen.Select(
        Gen.Int[0, Enum.GetValues<SafetensorsDtype>().Length - 1], Gen.Long[0, 4].Array[0, 4],
        (dtype, shape) => ((SafetensorsDtype)dtype, (long[])[.. shape, 4]));

    public static TheoryData<string, string, string, string> BadHeaders => new()
    {
        { "no object", "[1]", "header", "'{'" },
        { "cut object", """{"t":""", "header", "JSON" },
        { "text after it", """{} x""", "header", "JSON" },
        { "entry that is no object", """{"t":3}""", T, "an object" },
        { "tensor twice", """{"t":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"t":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}""", T, "twice" },
        { "field twice", """{"t":{"dtype":"U8","dtype":"U8","shape":[8],"data_offsets":[0,8]}}""", T, "'dtype' twice" },
        { "unknown field", """{"t":{"dtype":"U8","shape":[8],"offsets":[0,8]}}""", T, "unknown field 'offsets'" },
        { "missing field", """{"t":{"dtype":"U8","shape":[8]}}""", T, "needs dtype, shape and two" },
        { "one offset", """{"t":{"dtype":"U8","shape":[8],"data_offsets":[0]}}""", T, "needs dtype, shape and two" },
        { "three offsets", """{"t":{"dtype":"U8","shape":[8],"data_offsets":[0,4,8]}}""", T, "more than 2" },
        { "unknown dtype", """{"t":{"dtype":"Q8","shape":[8],"data_offsets":[0,8]}}""", T, "unknown dtype 'Q8'" },
        { "dtype as number", """{"t":{"dtype":"3","shape":[8],"data_offsets":[0,8]}}""", T, "unknown dtype '3'" },
        { "dtype in lower case", """{"t":{"dtype":"u8","shape":[8],"data_offsets":[0,8]}}""", T, "unknown dtype 'u8'" },
        { "negative dimension", """{"t":{"dtype":"U8","shape":[-8],"data_offsets":[0,8]}}""", T, "whole numbers from 0" },
        { "broken dimension", """{"t":{"dtype":"U8","shape":[8.5],"data_offsets":[0,8]}}""", T, "whole numbers from 0" },
        { "huge dimension", """{"t":{"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,8]}}""", T, "whole numbers from 0" },
        { "overflowing product", """{"t":{"dtype":"U8","shape":[4294967296,4294967296,4294967296,4294967296],"data_offsets":[0,8]}}""", T, "does not make the 8 bytes" },
        { "overflowing bytes", """{"t":{"dtype":"U64","shape":[2305843009213693953],"data_offsets":[0,8]}}""", T, "does not make the 8 bytes" },
        { "shape of another size", """{"t":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", T, "does not make the 8 bytes" },
        { "half a byte", """{"t":{"dtype":"F4","shape":[15],"data_offsets":[0,8]}}""", T, "does not make the 8 bytes" },
        { "reversed offsets", """{"t":{"dtype":"U8","shape":[8],"data_offsets":[8,0]}}""", T, "reversed" },
        { "hole before", """{"t":{"dtype":"U8","shape":[7],"data_offsets":[1,8]}}""", T, "begins at 1" },
        { "hole after", """{"t":{"dtype":"U8","shape":[7],"data_offsets":[0,7]}}""", "data", "longer" },
        { "past the end", """{"t":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}""", "data", "truncated" },
        { "overlap", """{"t":{"dtype":"U8","shape":[6],"data_offsets":[0,6]},"u":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}""", "tensor 'u'", "begins at 4" },
        { "metadata of numbers", """{"__metadata__":{"a":1},"t":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}""", "tensor '__metadata__'", "strings" },
        { "metadata twice", """{"__metadata__":{},"__metadata__":{}}""", "tensor '__metadata__'", "twice" },
        { "half a surrogate pair", """{"\ud800":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}""", "header", "JSON" },
        { "too deep", """{"t":{"dtype":"U8","shape":[[[[[8]]]]],"data_offsets":[0,8]}}""", T, "whole numbers" },
        { "no tensor for the data", "{}", "data", "longer" },
    };

    [Theory, MemberData(nameof(BadHeaders))]
    public void EachFaultIsNamed(string name, string header, string field, string reason)
    {
        Assert.NotEmpty(name);
        using var folder = new TempFolder();
        string path = folder.Write("bad.safetensors", WithHeader(header, 8));
        var error = Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(path));
        Assert.Equal((path, field), (error.File, error.Field));
        Assert.Contains(reason, error.Reason);
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(100_000_001), InlineData(ulong.MaxValue), InlineData(1UL << 63), InlineData(1000)]
    public void HeaderLengthIsBounded(ulong length)
    {
        using var folder = new TempFolder();
        string path = folder.Write("bad.safetensors", [.. BitConverter.GetBytes(length), .. "{}      "u8]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal("header length", Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(path)).Field);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
    }

    [Fact]
    public void NotUtf8IsRefused()
    {
        using var folder = new TempFolder();
        byte[] bytes = WithHeader("""{"~":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}""", 8);
        bytes[Array.IndexOf(bytes, (byte)'~')] = 0xFF;
        Assert.Contains("JSON", Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(folder.Write("bad.safetensors", bytes))).Reason);
    }

    [Fact]
    public void EveryTruncationIsRefused()
    {
        byte[] whole = Sample();
        Hostile.EveryPrefixIsRefused(whole, whole.Length, SafetensorsFile.Open);
    }

    [Fact]
    public void DamageIsSurvived()
    {
        byte[] whole = Sample();
        Hostile.DamageIsSurvived(whole, whole.Length - 40, SafetensorsFile.Open, times: 5000);
    }

    [Fact]
    public void MissingEmptyAndFolderAreRefused()
    {
        using var folder = new TempFolder();
        Assert.Contains("does not exist", Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(folder["none"])).Reason);
        Assert.Contains("is a folder", Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(folder.Path)).Reason);
        Assert.Contains("is empty", Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(folder.Write("empty", ""))).Reason);
    }

    [Fact]
    public void WhatIsWrittenIsRead() => Gen.Select(
        Gen.Dictionary(Gen.String[Gen.Char[' ', '\u07FF'], 1, 12], Shape)[0, 8],
        Gen.Dictionary(Gen.String[Gen.Char['"', '\u07FF'], 0, 5], Gen.String[Gen.Char['\0', '\u07FF'], 0, 9])[0, 3],
        Gen.Int).Sample((shapes, metadata, seed) =>
    {
        using var folder = new TempFolder();
        var random = new Random(seed);
        var data = new Dictionary<string, byte[]>();
        var writer = new SafetensorsWriter();
        foreach ((string key, string value) in metadata) writer.Metadata.Add(key, value);
        foreach ((string name, (SafetensorsDtype dtype, long[] shape)) in shapes)
        {
            data[name] = new byte[shape.Aggregate(1L, (a, b) => a * b) * dtype.Bits() / 8];
            random.NextBytes(data[name]);
            writer.Add(name, dtype, shape, data[name]);
        }

        writer.Write(folder["a.safetensors"]);
        using SafetensorsFile file = SafetensorsFile.Open(folder["a.safetensors"]);
        Assert.Equal(metadata, file.Metadata);
        Assert.Equal(shapes.Keys.Order(), file.Entries.Keys.Order());
        foreach (SafetensorsEntry entry in file.Entries.Values)
        {
            Assert.Equal(shapes[entry.Name].Shape, entry.Shape);
            Assert.Equal(shapes[entry.Name].Dtype, entry.Dtype);
            Assert.Equal(data[entry.Name], entry.Bytes().ToArray());
            bool plain = entry.Dtype is SafetensorsDtype.F32 or SafetensorsDtype.F16 or SafetensorsDtype.BF16;
            Assert.Equal(plain, file.Tensors.TryGetValue(entry.Name, out Tensor? tensor));
            if (tensor is not null) Assert.Equal(data[entry.Name], tensor.Rows(0, (int)tensor.RowCount).ToArray());
        }
    }, iter: 300, threads: 1);

    [Fact]
    public void AFailedWriteLeavesNothing()
    {
        using var folder = new TempFolder();
        var writer = new SafetensorsWriter();
        writer.Add("t", SafetensorsDtype.F32, [4], new byte[12]);
        Assert.Throws<InvalidOperationException>(() => writer.Write(folder["a"]));
        Assert.Empty(Directory.EnumerateFiles(folder.Path));
        Assert.Throws<ArgumentException>(() => writer.Add("t", SafetensorsDtype.F32, [4], new byte[16]));
        Assert.Throws<ArgumentException>(() => writer.Add("u", SafetensorsDtype.F4, [3], new byte[2]));
    }

    [Fact]
    public void BytesOutsideAnEntryAreRefused()
    {
        using var folder = new TempFolder();
        using SafetensorsFile file = SafetensorsFile.Open(folder.Write("a", Sample()));
        SafetensorsEntry entry = file.Entries["ids"];
        Assert.Equal(16, entry.Bytes(0, 16).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => entry.Bytes(8, 9).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => entry.Bytes(-1, 1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => entry.Bytes(0, -1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => entry.Bytes(long.MaxValue, 1).Length);
    }

    [Fact]
    public void GoldensReadWhole()
    {
        foreach (string folder in Directory.EnumerateDirectories(TestData.Shared("goldens")))
        {
            using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
            SafetensorsEntry ids = file.Entries["input_ids"];
            Assert.Equal(SafetensorsDtype.I64, ids.Dtype);
            Assert.Equal([2, 24], ids.Shape);
            long vocabulary = file.Tensors["logits"].RowLength;
            Assert.All(MemoryMarshal.Cast<byte, long>(ids.Bytes()).ToArray(), id => Assert.InRange(id, 0, vocabulary - 1));
            Assert.All(file.Tensors["logits"].Decode(), logit => Assert.True(float.IsFinite(logit)));
        }
    }

    private static byte[] WithHeader(string header, int data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((ulong)json.Length), .. json, .. new byte[data]];
    }

    private static byte[] Sample()
    {
        using var folder = new TempFolder();
        var writer = new SafetensorsWriter { Metadata = { ["format"] = "pt" } };
        writer.Add("weight", SafetensorsDtype.BF16, [3, 4], new byte[24]);
        writer.Add("ids", SafetensorsDtype.I64, [2], new byte[16]);
        writer.Write(folder["a"]);
        return File.ReadAllBytes(folder["a"]);
    }
}
