using System.Text;

namespace AutoGlm.Formats.Tests.Gguf;

/// <summary>Builds GGUF bytes field by field, so that any of them can be wrong.</summary>
internal sealed class RawGguf
{
    private readonly MemoryStream _bytes = new();

    public static RawGguf Header(ulong tensors, ulong pairs, uint version = 3) => new RawGguf().Raw("GGUF"u8).U32(version).U64(tensors).U64(pairs);

    public RawGguf Raw(ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    public RawGguf U32(uint value) => Raw(BitConverter.GetBytes(value));

    public RawGguf U64(ulong value) => Raw(BitConverter.GetBytes(value));

    public RawGguf Text(string text) => Text(Encoding.UTF8.GetBytes(text));

    public RawGguf Text(ReadOnlySpan<byte> text) => U64((ulong)text.Length).Raw(text);

    public RawGguf Pair(string key, uint value) => Text(key).U32(4).U32(value);

    public RawGguf Tensor(string name, uint type, ulong offset, params ReadOnlySpan<ulong> dimensions)
    {
        Text(name).U32((uint)dimensions.Length);
        foreach (ulong dimension in dimensions) U64(dimension);
        return U32(type).U64(offset);
    }

    /// <summary>Pads to 32 bytes, then adds data.</summary>
    public RawGguf Data(int count) => Raw(new byte[-_bytes.Length & 31]).Raw(new byte[count]);

    public byte[] ToArray() => _bytes.ToArray();
}
