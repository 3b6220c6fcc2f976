using AutoGlm.Formats.Tensors;

namespace AutoGlm.Formats.Safetensors;

/// <summary>A safetensors file, mapped into memory. Spec: huggingface/safetensors, README "Format".</summary>
public sealed class SafetensorsFile : IDisposable
{
    private readonly MappedFile _file;

    private SafetensorsFile(MappedFile file, SafetensorsHeader header)
    {
        _file = file;
        Metadata = header.Metadata;
        var entries = new OrderedDictionary<string, SafetensorsEntry>(StringComparer.Ordinal);
        var tensors = new OrderedDictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (SafetensorsInfo info in header.Entries)
        {
            long offset = header.DataOffset + info.Begin;
            var entry = new SafetensorsEntry(info.Name, info.Dtype, info.Shape, file, offset, info.End - info.Begin);
            entries.Add(info.Name, entry);
            if (entry.AsTensor() is Tensor tensor) tensors.Add(info.Name, tensor);
        }

        Entries = entries;
        Tensors = tensors;
    }

    public string Path => _file.Path;

    public long FileBytes => _file.Length;

    internal FileStamp? Stamp => _file.Stamp;

    /// <summary>The free text of <c>__metadata__</c>; empty where there is none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>All arrays by name, in file order. Not readable after <see cref="Dispose"/>.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries { get; }

    /// <summary>Those arrays whose element type is a <see cref="TensorType"/>: F32, F16 and BF16.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors { get; }

    /// <exception cref="ModelFormatException">The file is missing, unreadable or not sound safetensors.</exception>
    public static SafetensorsFile Open(string path)
    {
        MappedFile file = MappedFile.Open(path);
        try
        {
            int length = SafetensorsHeader.Length(path, file.Span(0, (int)Math.Min(8, file.Length)), file.Length);
            SafetensorsHeader header = SafetensorsHeader.Read(path, file.Span(0, length), file.Length);
            file.Discard(0, length);
            return new SafetensorsFile(file, header);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose() => _file.Dispose();
}
