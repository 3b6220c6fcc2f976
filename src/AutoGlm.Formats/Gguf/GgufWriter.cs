using System.Runtime.InteropServices;
using System.Text;
using AutoGlm.Formats.Quantization;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Formats.Gguf;

/// <summary>
/// Writes a GGUF version 3 file. Tensor data is asked for one tensor at a time and streamed, so that a model of any size
/// takes little memory. The file appears under its name only when it is whole.
/// </summary>
/// <param name="metadata">Written as it is; <c>general.alignment</c> in it is obeyed.</param>
public sealed class GgufWriter(GgufMetadata metadata)
{
    private readonly OrderedDictionary<string, Entry> _tensors = new(StringComparer.Ordinal);
    private readonly long _alignment = metadata.GetInt64OrDefault(GgufHeader.AlignmentKey, GgufHeader.DefaultAlignment);

    /// <summary>Announces a tensor; tensors are written in the order they were added.</summary>
    /// <param name="name">Unique in the file.</param>
    /// <param name="type">How the values are stored.</param>
    /// <param name="shape">Outermost dimension first; one to four of them, the last a whole number of blocks.</param>
    /// <param name="write">Called once, to write exactly the tensor's bytes.</param>
    /// <exception cref="ArgumentException">The name is taken, or the shape does not fit.</exception>
    public void Add(string name, TensorType type, IReadOnlyList<long> shape, Action<Stream> write)
    {
        if (shape.Count is 0 or > 4 || shape.Any(dimension => dimension <= 0))
        {
            throw new ArgumentException($"'{name}' must have one to four positive dimensions", nameof(shape));
        }

        long bytes = BlockFormats.RowBytes(type, shape[^1]);
        foreach (long dimension in shape.Take(shape.Count - 1)) bytes = checked(bytes * dimension);
        if (!_tensors.TryAdd(name, new Entry(name, type, [.. shape], bytes, write)))
        {
            throw new ArgumentException($"'{name}' was added before", nameof(name));
        }
    }

    /// <summary>Announces a tensor that will be copied as it is stored.</summary>
    public void Add(Tensor tensor) => Add(tensor.Name, tensor.Type, tensor.Shape.Count == 0 ? [1] : tensor.Shape, stream =>
    {
        int batch = (int)Math.Clamp((1 << 20) / tensor.RowBytes, 1, tensor.RowCount);
        for (long row = 0; row < tensor.RowCount; row += batch)
        {
            stream.Write(tensor.Rows(row, (int)Math.Min(batch, tensor.RowCount - row)));
        }
    });

    /// <summary>Writes the file, replacing one of that name.</summary>
    /// <param name="path">Where to; a temporary file beside it is used meanwhile.</param>
    /// <param name="progress">Told the share of the tensor data written, 0 to 1, after each tensor.</param>
    /// <param name="cancellation">Looked at before each tensor; the temporary file is removed.</param>
    /// <exception cref="InvalidOperationException">A callback wrote too few or too many bytes.</exception>
    public void Write(string path, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
            {
                Write(stream, progress, cancellation);
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

    private void Write(Stream stream, IProgress<double>? progress, CancellationToken cancellation)
    {
        stream.Write(Header());
        long total = Math.Max(1, _tensors.Values.Sum(tensor => tensor.Bytes)), done = 0;
        foreach (Entry tensor in _tensors.Values)
        {
            cancellation.ThrowIfCancellationRequested();
            long start = stream.Position;
            tensor.Write(stream);
            if (stream.Position - start != tensor.Bytes)
            {
                throw new InvalidOperationException(
                    $"tensor '{tensor.Name}': {stream.Position - start} bytes were written, not {tensor.Bytes}");
            }

            stream.Write(new byte[Padding(tensor.Bytes)]);
            progress?.Report((double)(done += tensor.Bytes) / total);
        }
    }

    private byte[] Header()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((ulong)_tensors.Count);
        writer.Write((ulong)metadata.Count);
        foreach ((string key, GgufValue value) in metadata)
        {
            WriteText(writer, key);
            writer.Write((uint)value.Type);
            WriteValue(writer, value);
        }

        long offset = 0;
        foreach (Entry tensor in _tensors.Values)
        {
            WriteText(writer, tensor.Name);
            writer.Write((uint)tensor.Shape.Length);
            foreach (long dimension in tensor.Shape.Reverse()) writer.Write((ulong)dimension);
            writer.Write((uint)tensor.Type);
            writer.Write((ulong)offset);
            offset += tensor.Bytes + Padding(tensor.Bytes);
        }

        writer.Write(new byte[Padding(stream.Position)]);
        return stream.ToArray();
    }

    private static void WriteValue(BinaryWriter writer, GgufValue value)
    {
        if (value.IsArray)
        {
            writer.Write((uint)value.ElementType);
            writer.Write((ulong)value.Count);
        }

        switch (value.Items)
        {
            case string text:
                WriteText(writer, text);
                break;
            case GgufStrings strings:
                writer.Write(strings.Encoded);
                break;
            case GgufValue[] arrays:
                foreach (GgufValue array in arrays) WriteValue(writer, array);
                break;
            case Array numbers:
                int bytes = numbers.Length * GgufTypes.MinBytes(value.ElementType);
                writer.Write(MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(numbers), bytes));
                break;
        }
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private int Padding(long position) => (int)(-position & (_alignment - 1));

    private sealed record Entry(string Name, TensorType Type, long[] Shape, long Bytes, Action<Stream> Write);
}
