using System.Globalization;
using System.Text.Json;
using AutoGlm.Server.Http;

namespace AutoGlm.Server.Protocol;

/// <summary>
/// What is added to tokens' logits: OpenAI's object from ids to numbers, or llama.cpp's array of pairs of an id and a number, or
/// false for a token that must not come.
/// </summary>
internal static class LogitBiases
{
    private const string Field = "logit_bias";
    private const int MaxEntries = 4096;

    /// <summary>Makes up for any logit.</summary>
    private const float Never = -1e30f;

    /// <exception cref="ApiException">An entry is of the wrong type, or outside its range.</exception>
    public static Dictionary<int, float>? Read(JsonFields fields) => fields.Find(Field) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Array } => ReadPairs(fields),
        _ => ReadObject(fields, fields.Object(Field)!),
    };

    /// <exception cref="ApiException">A token is none of the model's.</exception>
    public static void Check(IReadOnlyDictionary<int, float>? biases, int vocabulary)
    {
        if (biases?.Keys.FirstOrDefault(token => token >= vocabulary) is > 0 and int wrong)
            throw ApiException.Invalid(Field, $"{Field} names token {wrong}; the model's token ids are 0 to {vocabulary - 1}.", "out_of_range");
    }

    private static Dictionary<int, float> ReadObject(JsonFields fields, JsonFields map)
    {
        if (map.Unread.Count > MaxEntries) throw fields.Invalid(Field, $"has {map.Unread.Count:N0} entries; at most {MaxEntries:N0} are taken.", "array_too_long");
        Dictionary<int, float> biases = [];
        foreach (string name in map.Unread.ToArray())
        {
            if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int token))
                throw fields.Invalid(Field, $"has the key {JsonFields.Quote(name)}; keys should be token ids (POST /tokenize tells them).");
            if (map.Number(name, -100, 100) is { } bias) biases[token] = bias;
        }

        return biases;
    }

    private static Dictionary<int, float> ReadPairs(JsonFields fields)
    {
        Dictionary<int, float> biases = [];
        foreach ((JsonElement pair, string path) in fields.Items(Field, MaxEntries))
        {
            if (pair.ValueKind != JsonValueKind.Array || pair.GetArrayLength() != 2 || pair[0].ValueKind != JsonValueKind.Number || !pair[0].TryGetInt32(out int token) || token < 0)
                throw ApiException.Invalid(path, $"{path} is no pair of a token id (POST /tokenize tells them) and a number, or false.");
            biases[token] = pair[1] switch
            {
                { ValueKind: JsonValueKind.False } => Never,
                { ValueKind: JsonValueKind.Number } number when number.TryGetSingle(out float bias) && bias is >= -100 and <= 100 => bias,
                _ => throw ApiException.Invalid(path, $"{path}[1] is {JsonFields.Describe(pair[1])}; it should be a number between -100 and 100, or false.", "out_of_range"),
            };
        }

        return biases;
    }
}
