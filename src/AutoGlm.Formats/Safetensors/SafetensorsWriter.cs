using System.Buffers.Binary;
using System.Text.Json;

namespace AutoGlm.Formats.Safetensors;

/// <summary>Writes a safetensors file; it appears under its name only when it is whole.</summary>
public sealed class SafetensorsWriter
{
    private readonly OrderedDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>Free text for <c>__metadata__</c>; left out where empty.</summary>
    public IDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

    /// <summary>Announces an array whose bytes are asked for when the file is written.</summary>
    /// <param name="name">Unique in the file.</param>
    /// <param name="dtype">Element type.</param>
    /// <param name="shape">Outermost dimension first; none for a scalar.</param>
    /// <param name="write">Called once, to write exactly the array's bytes, row-major and little-endian.</param>
    /// <exception cref="ArgumentException">The name is taken, or the shape makes no whole number of bytes.</exception>
    public void Add(string name, SafetensorsDtype dtype, IReadOnlyList<long> shape, Action<Stream> write)
    {
        if (name == "__metadata__" || shape.Any(dimension => dimension < 0) || SafetensorsHeader.Bytes(dtype, shape) is not Int128 bytes)
        {
            throw new ArgumentException($"'{name}' {dtype} [{string.Join(", ", shape)}] cannot be written");
        }

        if (!_entries.TryAdd(name, new Entry(dtype, [.. shape], (long)bytes, write)))
        {
            throw new ArgumentException($"'{name}' was added before", nameof(name));
        }
    }

    /// <inheritdoc cref="Add(string, SafetensorsDtype, IReadOnlyList{long}, Action{Stream})"/>
    public void Add(string name, SafetensorsDtype dtype, IReadOnlyList<long> shape, byte[] bytes) =>
        Add(name, dtype, shape, stream => stream.Write(bytes));

    /// <exception cref="InvalidOperationException">A callback wrote too few or too many bytes.</exception>
    public void Write(string path)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                stream.Write(Header());
                foreach ((string name, Entry entry) in _entries)
                {
                    long start = stream.Position;
                    entry.Write(stream);
                    if (stream.Position - start != entry.Bytes)
                    {
                        throw new InvalidOperationException($"'{name}': {stream.Position - start} bytes were written, not {entry.Bytes}");
                    }
                }

                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private byte[] Header()
    {
        using var stream = new MemoryStream();
        stream.Write(new byte[8]);
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            WriteMetadata(json);
            long offset = 0;
            foreach ((string name, Entry entry) in _entries)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", entry.Dtype.ToString());
                WriteNumbers(json, "shape", entry.Shape);
                WriteNumbers(json, "data_offsets", offset, offset += entry.Bytes);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        // Padded with spaces so that the data begins on a multiple of eight, as the reference does.
        while (stream.Length % 8 != 0) stream.WriteByte((byte)' ');
        byte[] header = stream.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - 8);
        return header;
    }

    private void WriteMetadata(Utf8JsonWriter json)
    {
        if (Metadata.Count == 0) return;
        json.WriteStartObject("__metadata__");
        foreach ((string key, string value) in Metadata) json.WriteString(key, value);
        json.WriteEndObject();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, params ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers) json.WriteNumberValue(number);
        json.WriteEndArray();
    }

    private sealed record Entry(SafetensorsDtype Dtype, long[] Shape, long Bytes, Action<Stream> Write);
}
