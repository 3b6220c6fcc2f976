using AutoGlm.Formats.Tensors;

namespace AutoGlm.Formats.Gguf;

/// <summary>
/// A GGUF model file, mapped into memory: nothing is read before it is looked at, nothing is copied. A model split as
/// NAME-00001-of-0000N.gguf opens whole, whichever of its parts is named.
/// </summary>
public sealed class GgufFile : IDisposable
{
    private readonly List<GgufPart> _parts;

    private GgufFile(string path, List<GgufPart> parts, OrderedDictionary<string, Tensor> tensors)
    {
        Path = path;
        _parts = parts;
        Tensors = tensors;
    }

    /// <summary>The path that was opened.</summary>
    public string Path { get; }

    /// <summary>The paths of all parts, in order; one for a model that is not split.</summary>
    public IReadOnlyList<string> Parts => [.. _parts.Select(part => part.File.Path)];

    /// <summary>GGUF version of the first part: 2 or 3.</summary>
    public int Version => (int)_parts[0].Header.Version;

    /// <summary>Size of all parts.</summary>
    public long FileBytes => _parts.Sum(part => part.File.Length);

    /// <summary>Stamps of all parts; null where one has none.</summary>
    public IReadOnlyList<FileStamp>? Stamps => FileStamps.Of(_parts, part => part.File.Stamp);

    /// <summary>Metadata of the first part.</summary>
    public GgufMetadata Metadata => _parts[0].Header.Metadata;

    /// <summary>All tensors by name, in file order. They are not readable after <see cref="Dispose"/>.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors { get; }

    /// <exception cref="ModelFormatException">The file or one of its parts is missing, unreadable or not sound GGUF.</exception>
    public static GgufFile Open(string path)
    {
        List<GgufPart> parts = GgufPart.OpenAll(path);
        try
        {
            var tensors = new OrderedDictionary<string, Tensor>(StringComparer.Ordinal);
            foreach (GgufPart part in parts)
            {
                foreach (Tensor tensor in part.Tensors())
                {
                    if (!tensors.TryAdd(tensor.Name, tensor))
                    {
                        throw new ModelFormatException(part.File.Path, $"tensor '{tensor.Name}'", "is in two parts");
                    }
                }
            }

            if (parts.Count > 1) GgufPart.CheckTensorCount(parts[0], tensors.Count);
            return new GgufFile(path, parts, tensors);
        }
        catch
        {
            foreach (GgufPart part in parts) part.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (GgufPart part in _parts) part.Dispose();
    }
}
