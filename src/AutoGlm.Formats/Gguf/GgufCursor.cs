using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace AutoGlm.Formats.Gguf;

/// <summary>Reads a GGUF header front to back. Every step is checked against the bytes that are left.</summary>
internal ref struct GgufCursor(string file, ReadOnlySpan<byte> bytes)
{
    private const int LongestName = 65535;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>What is being read, for errors.</summary>
    public string Field { get; set; } = "header";

    public int Position { get; private set; }

    public readonly int Left => _bytes.Length - Position;

    public T Read<T>() where T : unmanaged => MemoryMarshal.Read<T>(Take((ulong)Unsafe.SizeOf<T>()));

    /// <summary>The next bytes, in place.</summary>
    public ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)Left) throw Error($"the file ends within it ({count} bytes wanted, {Left} left): it is truncated or damaged");
        ReadOnlySpan<byte> taken = _bytes.Slice(Position, (int)count);
        Position += (int)count;
        return taken;
    }

    /// <summary>A count of things of which each takes at least some bytes, so that nothing is allocated that cannot be there.</summary>
    public int Count(ulong count, int bytesEach, string things) => count <= (ulong)(Left / bytesEach)
        ? (int)count
        : throw Error($"claims {count} {things}, more than fit in the {Left} bytes left: the file is truncated or damaged");

    /// <summary>The next string; bytes that are not UTF-8 become U+FFFD.</summary>
    public string Text() => Encoding.UTF8.GetString(Take(Read<ulong>()));

    /// <summary>The next string, which must be UTF-8, not empty and not absurdly long.</summary>
    public string Name()
    {
        ulong length = Read<ulong>();
        if (length is 0 or > LongestName) throw Error($"has a name of {length} bytes; 1 to {LongestName} are allowed");
        try
        {
            return Strict.GetString(Take(length));
        }
        catch (DecoderFallbackException e)
        {
            throw Error("has a name that is not UTF-8", e);
        }
    }

    public readonly ModelFormatException Error(string reason, Exception? inner = null) =>
        new(file, Field, $"{reason} (at byte {Position})", inner);
}
