using System.Globalization;
using System.Text.RegularExpressions;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Formats.Gguf;

/// <summary>One file of a GGUF model, which is one of many where the model is split.</summary>
internal sealed partial class GgufPart : IDisposable
{
    private const string NumberKey = "split.no", CountKey = "split.count", TensorCountKey = "split.tensors.count";

    private GgufPart(MappedFile file, GgufHeader header)
    {
        File = file;
        Header = header;
    }

    public MappedFile File { get; }

    public GgufHeader Header { get; }

    /// <summary>Opens the file and, where it is a part of a split model, all other parts; in order.</summary>
    public static List<GgufPart> OpenAll(string path)
    {
        GgufPart opened = Open(path);
        var parts = new List<GgufPart> { opened };
        try
        {
            int count = opened.Header.Metadata.GetInt32OrDefault(CountKey, 1);
            if (count <= 1) return parts;

            Match name = SplitName().Match(path);
            if (!name.Success || Number(name, "count") != count || Number(name, "number") is not int number || number < 1 || number > count)
            {
                throw new ModelFormatException(
                    path, CountKey, $"this is one of {count} parts, so it must be named NAME-00001-of-{count:D5}.gguf or alike");
            }

            for (int i = 1; i <= count; i++)
            {
                if (i != number) parts.Insert(i - 1, OpenOther($"{name.Groups["stem"].Value}-{i:D5}-of-{count:D5}.gguf", count));
                parts[i - 1].CheckPlace(i - 1, count);
            }

            return parts;
        }
        catch
        {
            foreach (GgufPart part in parts) part.Dispose();
            throw;
        }
    }

    /// <summary>Checks that all parts together hold as many tensors as the first one says.</summary>
    public static void CheckTensorCount(GgufPart first, int found)
    {
        int expected = first.Header.Metadata.GetInt32OrDefault(TensorCountKey, found);
        if (expected != found)
        {
            throw new ModelFormatException(first.File.Path, TensorCountKey, $"says {expected}, but the parts hold {found} tensors");
        }
    }

    /// <summary>The part's tensors, each of whose bytes are in the file and in no other tensor.</summary>
    public IEnumerable<Tensor> Tensors()
    {
        long available = Math.Max(0, File.Length - Header.DataOffset);
        foreach (GgufTensorInfo info in Header.Tensors)
        {
            if (info.Offset > available || info.Bytes > available - info.Offset)
            {
                throw Error(info, $"its {info.Bytes} bytes from {Header.DataOffset} + {info.Offset} on run past the end of the file "
                    + $"({File.Length} bytes): it is truncated or damaged");
            }
        }

        GgufTensorInfo? before = null;
        foreach (GgufTensorInfo info in Header.Tensors.OrderBy(info => info.Offset))
        {
            if (before is not null && before.Offset + before.Bytes > info.Offset) throw Error(info, $"overlaps tensor '{before.Name}'");
            before = info;
        }

        return Header.Tensors.Select(info => new MappedTensor(info.Name, info.Type, info.Shape, File, Header.DataOffset + info.Offset));
    }

    public void Dispose() => File.Dispose();

    private static GgufPart Open(string path)
    {
        MappedFile file = MappedFile.Open(path);
        try
        {
            GgufHeader header = GgufHeader.Read(path, file.Span(0, (int)Math.Min(file.Length, int.MaxValue)));
            file.Discard(0, Math.Min(file.Length, header.DataOffset));
            return new GgufPart(file, header);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static GgufPart OpenOther(string path, int count) => System.IO.File.Exists(path)
        ? Open(path)
        : throw new ModelFormatException(path, "file", $"is missing; the model has {count} parts, all in one folder");

    private void CheckPlace(int number, int count)
    {
        GgufMetadata metadata = Header.Metadata;
        if (metadata.GetInt32(CountKey) != count)
        {
            throw new ModelFormatException(File.Path, CountKey, $"is {metadata.GetInt32(CountKey)}; other parts say {count}");
        }

        if (metadata.GetInt32(NumberKey) != number)
        {
            throw new ModelFormatException(
                File.Path, NumberKey, $"is {metadata.GetInt32(NumberKey)}; the file's name says {number} (from 0)");
        }
    }

    private ModelFormatException Error(GgufTensorInfo info, string reason) => new(File.Path, $"tensor '{info.Name}'", reason);

    private static int? Number(Match name, string group) =>
        int.TryParse(name.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    [GeneratedRegex(@"\A(?<stem>.*)-(?<number>[0-9]{5})-of-(?<count>[0-9]{5})\.gguf\z", RegexOptions.Singleline)]
    private static partial Regex SplitName();
}
