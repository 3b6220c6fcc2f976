using System.Text.Json;

namespace AutoGlm.Cuda.Tuning;

/// <summary>A user's numbers in place of a row's: a JSON object of some of <see cref="CardTuningFields"/>.</summary>
internal static class CardTuningFile
{
    /// <summary>Names the file.</summary>
    public const string Variable = "AUTOGLM_CUDA_TUNING";

    private const int MostBytes = 64 << 10;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 4, AllowDuplicateProperties = false, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>A row with what the file that <see cref="Variable"/> names says; the row itself where it names none.</summary>
    /// <exception cref="ArgumentException">The file is not as it should be.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static CardTuning Apply(CardTuning row) => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path ? Apply(row, path) : row;

    /// <summary>A row with what a file says.</summary>
    /// <inheritdoc cref="Apply(CardTuning)" path="/exception"/>
    public static CardTuning Apply(CardTuning row, string path)
    {
        if (!File.Exists(path)) throw new FileNotFoundException($"There is no file {path}, which {Variable} names.", path);
        byte[] text = Read(path);
        try
        {
            CardTuning result = Set(row, text, path);
            return ReferenceEquals(result, row) ? row : result with { Measured = false, File = path };
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // The latter where a name is no Unicode.
            throw Refused(path, error.Message);
        }
    }

    private static CardTuning Set(CardTuning row, byte[] text, string path)
    {
        using JsonDocument document = JsonDocument.Parse(text, Options);
        if (document.RootElement.ValueKind != JsonValueKind.Object) throw Refused(path, "it is no JSON object");
        foreach (JsonProperty property in document.RootElement.EnumerateObject())
        {
            CardTuningField field = CardTuningFields.All.FirstOrDefault(field => field.Name == property.Name)
                ?? throw Refused(path, $"there is no field {JsonEncodedText.Encode(Short(property.Name))}; there are {string.Join(", ", CardTuningFields.All.Select(field => field.Name))}");
            if (property.Value.ValueKind != JsonValueKind.Number || !property.Value.TryGetInt32(out int value) || !field.Allows(value))
                throw Refused(path, $"{field.Name} is {Short(property.Value.GetRawText())}; it should be {field.Range}");
            row = field.Set(row, value);
        }

        return row;
    }

    /// <summary>The file's bytes, of which there may be only a few: it may be a device, or grow.</summary>
    private static byte[] Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        byte[] bytes = new byte[MostBytes + 1];
        int count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return count <= MostBytes ? bytes[..count] : throw Refused(path, $"it has more than {MostBytes} bytes");
    }

    private static string Short(string text) => text.Length <= 40 ? text : text[..40] + "...";

    private static ArgumentException Refused(string path, string why) => new($"{path}, which {Variable} names, is no tuning of a card: {why.TrimEnd('.')}.");
}
