using System.Text.Json;
using AutoGlm.Formats;

namespace AutoGlm.Models.Configuration;

/// <summary>Settings of a config.json. Dotted names descend into objects; a multimodal model's <c>text_config</c> comes first.</summary>
internal sealed class HuggingFaceHyperparameters : Hyperparameters
{
    private readonly JsonElement _root;
    private readonly JsonElement? _text;

    public HuggingFaceHyperparameters(string location, JsonElement config)
    {
        Location = location;
        _root = config;
        _text = config.TryGetProperty("text_config", out JsonElement text) && text.ValueKind == JsonValueKind.Object ? text : null;
    }

    public override string Location { get; }

    public override bool IsHuggingFace => true;

    public override string ArchitectureName =>
        FindString("", "model_type") ?? throw new ModelFormatException(Location, "model_type", "config.json does not say what kind of model this is");

    public override long? FindInteger(string gguf, string huggingFace) => Find(huggingFace) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } element when element.TryGetInt64(out long value) => value,
        { ValueKind: JsonValueKind.Number } element when element.TryGetDouble(out double value) && value == Math.Floor(value) && Math.Abs(value) < 1e15 => (long)value,
        _ => throw Invalid(gguf, huggingFace, "should be a whole number"),
    };

    public override double? FindNumber(string gguf, string huggingFace) => Find(huggingFace) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } element when element.TryGetDouble(out double value) => value,
        _ => throw Invalid(gguf, huggingFace, "should be a number"),
    };

    public override bool? FindBoolean(string gguf, string huggingFace) => Find(huggingFace)?.ValueKind switch
    {
        null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Invalid(gguf, huggingFace, "should be true or false"),
    };

    public override string? FindString(string gguf, string huggingFace) => Find(huggingFace) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } element => element.GetString(),
        _ => throw Invalid(gguf, huggingFace, "should be a string"),
    };

    public override IReadOnlyList<double>? FindNumbers(string gguf, string huggingFace) =>
        FindList(gguf, huggingFace, JsonValueKind.Number, element => element.GetDouble());

    public override IReadOnlyList<string>? FindStrings(string gguf, string huggingFace) =>
        FindList(gguf, huggingFace, JsonValueKind.String, element => element.GetString()!);

    private IReadOnlyList<T>? FindList<T>(string gguf, string huggingFace, JsonValueKind kind, Func<JsonElement, T> read)
    {
        if (Find(huggingFace) is not { } list) return null;
        if (list.ValueKind != JsonValueKind.Array || list.EnumerateArray().Any(element => element.ValueKind != kind))
            throw Invalid(gguf, huggingFace, $"should be a list of {kind.ToString().ToLowerInvariant()}s");
        return [.. list.EnumerateArray().Select(read)];
    }

    private JsonElement? Find(string name)
    {
        if (name.Length == 0) return null;
        return (_text is { } text ? Descend(text, name) : null) ?? Descend(_root, name);
    }

    private static JsonElement? Descend(JsonElement element, string name)
    {
        foreach (string part in name.Split('.'))
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(part, out element)) return null;
        }

        return element.ValueKind == JsonValueKind.Null ? null : element;
    }
}
