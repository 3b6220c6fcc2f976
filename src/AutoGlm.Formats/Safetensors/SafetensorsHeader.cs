using System.Buffers.Binary;
using System.Text.Json;

namespace AutoGlm.Formats.Safetensors;

/// <summary>An array as the header describes it.</summary>
/// <param name="Name">Its name, unique in the file.</param>
/// <param name="Dtype">Element type.</param>
/// <param name="Shape">Outermost dimension first.</param>
/// <param name="Begin">First byte, counted from the header's end.</param>
/// <param name="End">The byte after the last.</param>
internal sealed record SafetensorsInfo(string Name, SafetensorsDtype Dtype, long[] Shape, long Begin, long End);

/// <summary>
/// A safetensors header: eight bytes of length, then JSON. Checks what the reference implementation checks: the data is
/// covered from first to last byte, without holes or overlaps, and each array's size follows from its shape.
/// </summary>
internal sealed class SafetensorsHeader
{
    private const int LengthBytes = 8, MaxBytes = 100_000_000, MaxDimensions = 16;
    private readonly string _file;
    private readonly Dictionary<string, SafetensorsInfo> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);
    private bool _hasMetadata;

    private SafetensorsHeader(string file) => _file = file;

    /// <summary>All arrays, in the order of their data.</summary>
    public IReadOnlyList<SafetensorsInfo> Entries { get; private set; } = [];

    /// <summary>The free text of <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>Where in the file offsets count from.</summary>
    public long DataOffset { get; private set; }

    /// <summary>Length of the header with the eight bytes before it.</summary>
    /// <param name="file">Named in errors.</param>
    /// <param name="start">The file's first bytes, eight if it has that many.</param>
    /// <param name="fileLength">Bytes of the file.</param>
    public static int Length(string file, ReadOnlySpan<byte> start, long fileLength)
    {
        if (start.Length < LengthBytes)
        {
            throw new ModelFormatException(
                file, "header length", $"the file has {fileLength} bytes only: it is truncated or no safetensors file");
        }

        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(start);
        if (length is < 2 or > MaxBytes)
        {
            throw new ModelFormatException(file, "header length", $"is {length}; 2 to {MaxBytes} are allowed: this is no safetensors file");
        }

        if ((long)length > fileLength - LengthBytes)
        {
            throw new ModelFormatException(file, "header length", $"is {length}, but the file has {fileLength} bytes: it is truncated");
        }

        return LengthBytes + (int)length;
    }

    /// <param name="file">Named in errors.</param>
    /// <param name="header">As many bytes as <see cref="Length"/> says.</param>
    /// <param name="fileLength">Bytes of the file.</param>
    public static SafetensorsHeader Read(string file, ReadOnlySpan<byte> header, long fileLength)
    {
        var parsed = new SafetensorsHeader(file) { DataOffset = header.Length };
        try
        {
            parsed.ReadJson(header[LengthBytes..]);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            // A reader's own InvalidOperationException is what a wrong kind of value or broken UTF-8 ends in.
            throw new ModelFormatException(file, "header", "is no sound JSON: " + e.Message, e);
        }

        parsed.Entries = [.. parsed._entries.Values.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End)];
        parsed.CheckCoverage(fileLength - header.Length);
        return parsed;
    }

    private void ReadJson(ReadOnlySpan<byte> json)
    {
        if (json[0] != '{') throw new JsonException("the first byte is not '{'");
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 4 });
        reader.Read();
        while (Next(ref reader))
        {
            string name = reader.GetString()!;
            reader.Read();
            if (name == "__metadata__") ReadMetadata(ref reader);
            else if (!_entries.TryAdd(name, ReadEntry(ref reader, name))) throw Error(name, "is there twice");
        }

        // Reads to the end, where only the padding may be left.
        reader.Read();
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        if (_hasMetadata) throw Error("__metadata__", "is there twice");
        _hasMetadata = true;
        Expect(ref reader, JsonTokenType.StartObject, "__metadata__", "an object");
        while (Next(ref reader))
        {
            string key = reader.GetString()!;
            reader.Read();
            Expect(ref reader, JsonTokenType.String, "__metadata__", "an object of strings");
            if (!_metadata.TryAdd(key, reader.GetString()!)) throw Error("__metadata__", $"has '{key}' twice");
        }
    }

    private SafetensorsInfo ReadEntry(ref Utf8JsonReader reader, string name)
    {
        Expect(ref reader, JsonTokenType.StartObject, name, "an object");
        SafetensorsDtype? dtype = null;
        long[]? shape = null, offsets = null;
        while (Next(ref reader))
        {
            string field = reader.GetString()!;
            reader.Read();
            bool repeated = field switch
            {
                "dtype" => dtype is not null,
                "shape" => shape is not null,
                "data_offsets" => offsets is not null,
                _ => throw Error(name, $"has the unknown field '{field}'"),
            };
            if (repeated) throw Error(name, $"has '{field}' twice");
            if (field == "dtype") dtype = ReadDtype(ref reader, name);
            else if (field == "shape") shape = ReadNumbers(ref reader, name, field, MaxDimensions);
            else offsets = ReadNumbers(ref reader, name, field, 2);
        }

        if (dtype is null || shape is null || offsets is not [long begin, long end])
        {
            throw Error(name, "needs dtype, shape and two data_offsets");
        }

        if (begin > end) throw Error(name, $"its data_offsets {begin} and {end} are reversed");
        if (Bytes(dtype.Value, shape) is not Int128 bytes || bytes != end - begin)
        {
            throw Error(name, $"{dtype} [{string.Join(", ", shape)}] does not make the {end - begin} bytes that data_offsets span");
        }

        return new SafetensorsInfo(name, dtype.Value, shape, begin, end);
    }

    private SafetensorsDtype ReadDtype(ref Utf8JsonReader reader, string name)
    {
        Expect(ref reader, JsonTokenType.String, name, "a dtype in quotes");
        string text = reader.GetString()!;
        return Array.IndexOf(Enum.GetNames<SafetensorsDtype>(), text) is int index and >= 0
            ? (SafetensorsDtype)index
            : throw Error(name, $"has the unknown dtype '{text}'; known: {string.Join(' ', Enum.GetNames<SafetensorsDtype>())}");
    }

    private long[] ReadNumbers(ref Utf8JsonReader reader, string name, string field, int most)
    {
        Expect(ref reader, JsonTokenType.StartArray, name, $"an array as {field}");
        var numbers = new List<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
            {
                throw Error(name, $"{field} must hold whole numbers from 0 to 2^63 - 1");
            }

            if (numbers.Count == most) throw Error(name, $"{field} has more than {most} numbers");
            numbers.Add(number);
        }

        return [.. numbers];
    }

    /// <summary>Moves to the next property name; false at the object's end.</summary>
    private static bool Next(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

    private void Expect(ref Utf8JsonReader reader, JsonTokenType type, string name, string what)
    {
        if (reader.TokenType != type)
        {
            throw Error(name, $"must have {what} here, not {reader.TokenType} (at byte {LengthBytes + reader.TokenStartIndex})");
        }
    }

    /// <summary>Bytes of an array; null where they are over 2^63 or no whole number.</summary>
    internal static Int128? Bytes(SafetensorsDtype dtype, IReadOnlyList<long> shape)
    {
        Int128 values = 1;
        foreach (long dimension in shape)
        {
            values *= dimension;
            if (values > long.MaxValue) return null;
        }

        (Int128 bytes, Int128 rest) = Int128.DivRem(values * dtype.Bits(), 8);
        return rest == 0 && bytes <= long.MaxValue ? bytes : null;
    }

    private void CheckCoverage(long available)
    {
        long end = 0;
        foreach (SafetensorsInfo entry in Entries)
        {
            if (entry.Begin != end) throw Error(entry.Name, $"its data begins at {entry.Begin}, but the data before it ends at {end}");
            end = entry.End;
        }

        if (end != available)
        {
            throw new ModelFormatException(_file, "data", $"the header describes {end} bytes, but {available} follow it: the file is "
                + (end > available ? "truncated" : "longer than it should be"));
        }
    }

    private ModelFormatException Error(string name, string reason) => new(_file, $"tensor '{name}'", reason);
}
