using AutoGlm.Formats.Gguf;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Formats.Tests.Gguf;

public class GgufHostileTests
{
    private static readonly Dictionary<string, (RawGguf File, string Field, string Reason)> Cases = new()
    {
        ["wrong magic"] = (new RawGguf().Raw("GGUX"u8).Raw(new byte[64]), "magic", "no GGUF file"),
        ["reversed magic"] = (new RawGguf().Raw("FUGG"u8).Raw(new byte[64]), "magic", "big-endian"),
        ["magic before GGUF"] = (new RawGguf().Raw("tjgg"u8).Raw(new byte[64]), "magic", "before GGUF"),
        ["big-endian version"] = (RawGguf.Header(0, 0, 0x03000000), "version", "big-endian"),
        ["version 1"] = (RawGguf.Header(0, 0, 1), "version", "1 is not supported"),
        ["version 4"] = (RawGguf.Header(0, 0, 4), "version", "4 is not supported"),
        ["tensors that cannot fit"] = (RawGguf.Header(1UL << 60, 0).Data(64), "tensor count", "claims 1152921504606846976"),
        ["more tensors than bytes"] = (RawGguf.Header(9, 0).Data(64), "tensor count", "claims 9 tensors"),
        ["pairs that cannot fit"] = (RawGguf.Header(0, ulong.MaxValue).Data(64), "metadata count", "claims 18446744073709551615"),
        ["key twice"] = (RawGguf.Header(0, 2).Pair("a.b", 1).Pair("a.b", 2), "a.b", "twice"),
        ["key that is not UTF-8"] = (RawGguf.Header(0, 1).Text([0x61, 0xFF]).U32(4).U32(1), "metadata key", "not UTF-8"),
        ["empty key"] = (RawGguf.Header(0, 1).Text("").U32(4).U32(1), "metadata key", "0 bytes"),
        ["endless key"] = (RawGguf.Header(0, 1).U64(1UL << 63).Data(64), "metadata key", "9223372036854775808 bytes"),
        ["unknown value type"] = (RawGguf.Header(0, 1).Text("k").U32(13).Data(64), "k", "unknown value type 13"),
        ["unknown element type"] = (RawGguf.Header(0, 1).Text("k").U32(9).U32(99).U64(1).Data(64), "k", "unknown value type 99"),
        ["truth value of 2"] = (RawGguf.Header(0, 1).Text("k").U32(7).Raw([2]).Data(64), "k", "neither 0 nor 1"),
        ["endless string"] = (RawGguf.Header(0, 1).Text("k").U32(8).U64(ulong.MaxValue).Data(64), "k", "truncated"),
        ["endless array"] = (RawGguf.Header(0, 1).Text("k").U32(9).U32(5).U64(1UL << 62).Data(64), "k", "claims 4611686018427387904 elements"),
        ["endless array of strings"] = (RawGguf.Header(0, 1).Text("k").U32(9).U32(8).U64(1000).Data(64), "k", "claims 1000 elements"),
        ["arrays too deep"] = (Deep(9), "k", "more than 8 deep"),
        ["alignment of zero"] = (RawGguf.Header(0, 1).Pair("general.alignment", 0), "general.alignment", "power of two"),
        ["alignment of 48"] = (RawGguf.Header(0, 1).Pair("general.alignment", 48), "general.alignment", "power of two"),
        ["alignment of 2^31"] = (RawGguf.Header(0, 1).Pair("general.alignment", 1u << 31), "general.alignment", "power of two"),
        ["alignment in words"] = (RawGguf.Header(0, 1).Text("general.alignment").U32(8).Text("32"), "general.alignment", "whole number"),
        ["tensor twice"] = (RawGguf.Header(2, 0).Tensor("t", 0, 0, 8).Tensor("t", 0, 32, 8).Data(64), "tensor 't'", "twice"),
        ["tensor name not UTF-8"] = (RawGguf.Header(1, 0).Text([0xC3]).U32(0).U32(0).U64(0).Data(64), "tensor name", "not UTF-8"),
        ["five dimensions"] = (RawGguf.Header(1, 0).Tensor("t", 0, 0, 1, 1, 1, 1, 1).Data(64), "tensor 't'", "5 dimensions"),
        ["dimension of zero"] = (RawGguf.Header(1, 0).Tensor("t", 0, 0, 8, 0).Data(64), "tensor 't'", "dimension of 0"),
        ["negative dimension"] = (RawGguf.Header(1, 0).Tensor("t", 0, 0, ulong.MaxValue).Data(64), "tensor 't'", "dimension of 18446744073709551615"),
        ["overflowing product"] = (RawGguf.Header(1, 0).Tensor("t", 0, 0, 1UL << 32, 1UL << 32).Data(64), "tensor 't'", "more than 2^63"),
        ["overflowing bytes"] = (RawGguf.Header(1, 0).Tensor("t", 0, 0, 1UL << 62).Data(64), "tensor 't'", "more than 2^63"),
        ["huge tensor"] = (RawGguf.Header(1, 0).Tensor("t", 0, 0, 1UL << 40).Data(64), "tensor 't'", "past the end"),
        ["known but unsupported type"] = (RawGguf.Header(1, 0).Tensor("t", 16, 0, 256).Data(64), "tensor 't'", "IQ2_XXS (id 16), which is not supported; supported: F32"),
        ["unknown type"] = (RawGguf.Header(1, 0).Tensor("t", 0xFFFF, 0, 256).Data(64), "tensor 't'", "id 65535"),
        ["part of a block"] = (RawGguf.Header(1, 0).Tensor("t", 2, 0, 33).Data(64), "tensor 't'", "blocks of 32"),
        ["misaligned offset"] = (RawGguf.Header(1, 0).Tensor("t", 0, 8, 8).Data(64), "tensor 't'", "no multiple of the alignment"),
        ["offset past the end"] = (RawGguf.Header(1, 0).Tensor("t", 0, 64, 8).Data(64), "tensor 't'", "past the end"),
        ["offset near 2^63"] = (RawGguf.Header(1, 0).Tensor("t", 0, (1UL << 63) - 32, 8).Data(64), "tensor 't'", "past the end"),
        ["offset over 2^63"] = (RawGguf.Header(1, 0).Tensor("t", 0, ulong.MaxValue - 31, 8).Data(64), "tensor 't'", "offset"),
        ["overlap"] = (RawGguf.Header(2, 0).Tensor("t", 0, 0, 16).Tensor("u", 0, 32, 8).Data(64), "tensor 'u'", "overlaps tensor 't'"),
    };

    public static TheoryData<string> CaseNames => [.. Cases.Keys];

    [Theory, MemberData(nameof(CaseNames))]
    public void EachFaultIsNamed(string name)
    {
        (RawGguf file, string field, string reason) = Cases[name];
        using var folder = new TempFolder();
        string path = folder.Write("bad.gguf", file.ToArray());
        long before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<ModelFormatException>(() => GgufFile.Open(path));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
        Assert.Equal(path, error.File);
        Assert.Equal(field, error.Field);
        Assert.Contains(reason, error.Reason);
    }

    [Fact]
    public void ASoundRawFileOpens()
    {
        using var folder = new TempFolder();
        byte[] bytes = RawGguf.Header(2, 1, version: 2).Pair("a", 7).Tensor("t", 0, 0, 4, 2).Tensor("s", 0, 32).Data(36).ToArray();
        using GgufFile file = GgufFile.Open(folder.Write("good.gguf", bytes));
        Assert.Equal(2, file.Version);
        Assert.Equal(7, file.Metadata.GetInt32("a"));
        Assert.Equal([2, 4], file.Tensors["t"].Shape);
        Assert.Empty(file.Tensors["s"].Shape);
        Assert.Equal([0f], file.Tensors["s"].Decode());
    }

    [Fact]
    public void MissingEmptyAndFolderAreRefused()
    {
        using var folder = new TempFolder();
        Assert.Contains("does not exist", Assert.Throws<ModelFormatException>(() => GgufFile.Open(folder["none.gguf"])).Reason);
        Assert.Contains("is a folder", Assert.Throws<ModelFormatException>(() => GgufFile.Open(folder.Path)).Reason);
        Assert.Contains("is empty", Assert.Throws<ModelFormatException>(() => GgufFile.Open(folder.Write("empty.gguf", ""))).Reason);
    }

    [Fact]
    public void EveryTruncationIsRefused()
    {
        byte[] whole = Sample();
        // The last 32 bytes are the last tensor's: without one of them it is not whole either.
        Hostile.EveryPrefixIsRefused(whole, whole.Length, GgufFile.Open);
    }

    [Fact]
    public void DamageIsSurvived()
    {
        byte[] whole = Sample();
        Hostile.DamageIsSurvived(whole, whole.Length - 96, GgufFile.Open, times: 5000);
    }

    [Fact]
    public void TensorsOfAClosedFileAreRefused()
    {
        using var folder = new TempFolder();
        GgufFile file = GgufFile.Open(folder.Write("model.gguf", Sample()));
        Tensor tensor = file.Tensors["first"];
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => tensor.Rows(0, 1).Length);
        tensor.Discard();
        tensor.Prefetch();
    }

    [Theory]
    [InlineData(-1, 1), InlineData(0, -1), InlineData(4, 1), InlineData(0, 5), InlineData(long.MaxValue, 1), InlineData(long.MinValue, 1)]
    public void RowsOutsideTheTensorAreRefused(long first, int count)
    {
        using var folder = new TempFolder();
        using GgufFile file = GgufFile.Open(folder.Write("model.gguf", Sample()));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Tensors["first"].Rows(first, count).Length);
    }

    private static RawGguf Deep(int depth)
    {
        RawGguf file = RawGguf.Header(0, 1).Text("k").U32(9);
        for (int i = 1; i < depth; i++) file.U32(9).U64(1);
        return file.U32(5).U64(1).U32(42).Data(64);
    }

    private static byte[] Sample()
    {
        var metadata = new GgufMetadata
        {
            ["general.architecture"] = "llama",
            ["llama.block_count"] = 2u,
            ["llama.rope.freq_base"] = 1e4f,
            ["tokenizer.ggml.tokens"] = new[] { "a", "b", "", "Ġthe" },
            ["nested"] = GgufValue.OfArrays(GgufValue.OfArray(1, 2), GgufValue.OfArray(["x"])),
        };
        using var folder = new TempFolder();
        var writer = new GgufWriter(metadata);
        writer.Add("first", TensorType.Q4_0, [2, 2, 32], stream => stream.Write(new byte[72]));
        writer.Add("second", TensorType.F32, [8], stream => stream.Write(new byte[32]));
        writer.Write(folder["model.gguf"]);
        return File.ReadAllBytes(folder["model.gguf"]);
    }
}
