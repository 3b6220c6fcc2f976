using System.Text.Json;
using AutoGlm.Engine;
using AutoGlm.Server.Http;

namespace AutoGlm.Server.Protocol;

/// <summary>A prompt or input as requests give it: a text, or token ids.</summary>
/// <param name="Text">The text; null where there are tokens.</param>
/// <param name="Tokens">The ids; null where there is a text.</param>
/// <param name="Path">Where it is in the body.</param>
internal sealed record PromptText(string? Text, IReadOnlyList<int>? Tokens, string Path)
{
    /// <summary>A text, an array of texts, an array of ids, or an array of arrays of ids.</summary>
    public static IReadOnlyList<PromptText> Read(JsonFields fields, string name, int most)
    {
        const string Wanted = "a string, an array of strings, or token ids";
        JsonElement value = fields.Require(name, Wanted);
        string path = fields.PathOf(name);
        if (value.ValueKind == JsonValueKind.String) return [new PromptText(fields.String(name), null, path)];
        if (value.ValueKind != JsonValueKind.Array) throw fields.Invalid(name, $"is {JsonFields.Describe(value)}; it should be {Wanted}.");
        if (value.GetArrayLength() == 0) throw fields.Invalid(name, $"is empty; it should be {Wanted}.");
        if (value[0].ValueKind == JsonValueKind.Number) return [new PromptText(null, ReadTokens(value, path), path)];
        return [.. fields.Items(name, most).Select(item => item.Value.ValueKind == JsonValueKind.Array
            ? new PromptText(null, ReadTokens(item.Value, item.Path), item.Path)
            : new PromptText(JsonFields.Text(item.Value, item.Path), null, item.Path))];
    }

    /// <summary>Token ids for a model.</summary>
    /// <exception cref="ApiException">There are none, or some that the model does not know.</exception>
    public IReadOnlyList<int> Encode(InferenceEngine engine)
    {
        IReadOnlyList<int> tokens = Tokens ?? engine.Encode(Text!);
        if (tokens.Count == 0) throw ApiException.Invalid(Path, $"{Path} has no tokens; it should not be empty.");
        int vocabulary = engine.Model.Vocabulary;
        for (int i = 0; i < tokens.Count; i++)
        {
            if ((uint)tokens[i] >= (uint)vocabulary) throw ApiException.Invalid(Path, $"{Path}[{i}] is {tokens[i]}; the model's token ids are 0 to {vocabulary - 1}.", "out_of_range");
        }

        return tokens;
    }

    /// <summary>An array of ids; at most as many as memory for the body allowed.</summary>
    public static IReadOnlyList<int> ReadTokens(JsonElement value, string path)
    {
        int[] tokens = new int[value.GetArrayLength()];
        int i = 0;
        foreach (JsonElement item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out tokens[i])) throw ApiException.Invalid(path, $"{path}[{i}] is {JsonFields.Describe(item)}; it should be a token id.");
            i++;
        }

        return tokens;
    }
}
