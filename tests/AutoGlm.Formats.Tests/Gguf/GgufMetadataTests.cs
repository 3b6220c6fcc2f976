using AutoGlm.Formats.Gguf;

namespace AutoGlm.Formats.Tests.Gguf;

public class GgufMetadataTests
{
    private static readonly GgufMetadata Metadata = new("model.gguf")
    {
        ["u8"] = GgufValue.Of((byte)200),
        ["i8"] = GgufValue.Of((sbyte)-3),
        ["u16"] = GgufValue.Of((ushort)65535),
        ["i16"] = GgufValue.Of((short)-300),
        ["u32"] = 4_000_000_000u,
        ["i32"] = -70_000,
        ["u64"] = GgufValue.Of(ulong.MaxValue),
        ["i64"] = -5_000_000_000L,
        ["f32"] = 0.5f,
        ["f64"] = GgufValue.Of(0.25),
        ["flag"] = true,
        ["text"] = "hello",
        ["u32s"] = GgufValue.OfArray(1u, 2u, 3u),
        ["i32s"] = new[] { -1, 2 },
        ["i8s"] = GgufValue.OfArray<sbyte>(-1, 2),
        ["bigs"] = GgufValue.OfArray(1u, 4_000_000_000u),
        ["singles"] = new[] { 0.5f, 2 },
        ["flags"] = GgufValue.OfArray(true, false),
        ["texts"] = new[] { "a", "ä", "" },
    };

    [Theory]
    [InlineData("u8", 200), InlineData("i8", -3), InlineData("u16", 65535), InlineData("i16", -300), InlineData("u32", 4_000_000_000)]
    [InlineData("i32", -70_000), InlineData("i64", -5_000_000_000)]
    public void EveryWidthConverts(string key, long value)
    {
        Assert.Equal(value, Metadata.GetInt64(key));
        Assert.Equal(value, Metadata.GetInt64OrDefault(key, 0));
        Assert.Equal(value, Metadata.GetSingle(key));
        if (value is >= int.MinValue and <= int.MaxValue) Assert.Equal(value, Metadata.GetInt32(key));
        else Assert.Contains($"{value} does not fit", Assert.Throws<ModelFormatException>(() => Metadata.GetInt32(key)).Message);
    }

    [Fact]
    public void ValuesOfOtherKindsConvertWhereTheyMay()
    {
        Assert.Equal(0.5f, Metadata.GetSingle("f32"));
        Assert.Equal(0.25f, Metadata.GetSingle("f64"));
        Assert.True(Metadata.GetBoolean("flag"));
        Assert.Equal("hello", Metadata.GetString("text"));
        Assert.Equal([1, 2, 3], Metadata.GetInt32s("u32s"));
        Assert.Equal([-1, 2], Metadata.GetInt32s("i32s"));
        Assert.Equal([-1, 2], Metadata.GetInt32s("i8s"));
        Assert.Equal([0.5f, 2], Metadata.GetSingles("singles"));
        Assert.Equal([1, 2, 3], Metadata.GetSingles("u32s"));
        Assert.Equal([true, false], Metadata.GetBooleans("flags"));
        Assert.Equal(["a", "ä", ""], Metadata.GetStrings("texts"));
        Assert.Equal("ä"u8.ToArray(), Metadata.GetStrings("texts").Utf8(1).ToArray());
    }

    [Fact]
    public void WrongKindsNameFileKeyAndKind()
    {
        Check(() => Metadata.GetString("u32"), "u32", "must be a string but is UInt32");
        Check(() => Metadata.GetInt32("text"), "text", "must be a whole number but is String");
        Check(() => Metadata.GetInt32("f32"), "f32", "must be a whole number but is Float32");
        Check(() => Metadata.GetInt32("flag"), "flag", "but is Bool");
        Check(() => Metadata.GetSingle("flag"), "flag", "must be a number but is Bool");
        Check(() => Metadata.GetInt32("u32s"), "u32s", "but is an array of UInt32");
        Check(() => Metadata.GetInt32s("u32"), "u32", "must be an array of whole numbers but is UInt32");
        Check(() => Metadata.GetInt32s("bigs"), "bigs", "4000000000 does not fit");
        Check(() => Metadata.GetInt64("u64"), "u64", "18446744073709551615 does not fit");
        Check(() => Metadata.GetStrings("text"), "text", "must be an array of strings");
        Check(() => Metadata.GetString("texts"), "texts", "must be a string but is an array of String");
        Check(() => Metadata.GetBoolean("flags"), "flags", "must be a truth value");
        Check(() => Metadata.GetBooleans("flag"), "flag", "must be an array of truth values");
        Check(() => Metadata.GetInt32OrDefault("text", 1), "text", "must be a whole number");
        Check(() => Metadata.GetInt32("none"), "none", "is missing");

        static void Check(Func<object> get, string key, string reason)
        {
            var error = Assert.Throws<ModelFormatException>(() => get());
            Assert.Equal(("model.gguf", key), (error.File, error.Field));
            Assert.Contains(reason, error.Reason);
        }
    }

    [Fact]
    public void MissingKeysGiveDefaults()
    {
        Assert.Equal(7, Metadata.GetInt32OrDefault("none", 7));
        Assert.Equal("x", Metadata.GetStringOrDefault("none", "x"));
        Assert.Null(Metadata.GetStringOrDefault("none"));
        Assert.Equal(1.5f, Metadata.GetSingleOrDefault("none", 1.5f));
        Assert.True(Metadata.GetBooleanOrDefault("none", true));
        Assert.Null(Metadata.GetInt32sOrDefault("none"));
        Assert.Null(Metadata.GetSinglesOrDefault("none"));
        Assert.Null(Metadata.GetBooleansOrDefault("none"));
        Assert.Null(Metadata.GetStringsOrDefault("none"));
    }

    [Fact]
    public void PairsKeepTheirOrderAndReadAsText()
    {
        Assert.Equal(["u8", "i8", "u16"], Metadata.Keys.Take(3));
        Assert.Equal("200", Metadata.First().Value.ToString());
        Assert.True(Metadata.TryGet("texts", out GgufValue? texts));
        Assert.Equal("[a, ä, ]", texts.ToString());
        Assert.Equal("[0, 0, 0, 0, 0, 0, 0, 0, … 100 in all]", GgufValue.OfArray<int>(new int[100]).ToString());
        Assert.Equal("[true, false]", GgufValue.OfArray(true, false).ToString());
    }
}
