using System.Text.Json;
using AutoGlm.Formats;
using AutoGlm.Formats.Gguf;

namespace AutoGlm.Engine.Sampling;

/// <summary>Reads the sampling options that model files recommend.</summary>
internal static class SamplingFiles
{
    private const string Prefix = "general.sampling.";

    public static SamplingOptions Read(GgufMetadata metadata)
    {
        var defaults = new SamplingOptions();
        float Real(string key, float otherwise) => metadata.GetSingleOrDefault(Prefix + key, otherwise);
        var options = new SamplingOptions
        {
            // llama.cpp: a temperature or k below zero means greedy and off.
            Temperature = Math.Max(0, Real("temp", defaults.Temperature)),
            TopK = Math.Max(0, metadata.GetInt32OrDefault(Prefix + "top_k", defaults.TopK)),
            TopP = Real("top_p", defaults.TopP),
            MinP = Real("min_p", defaults.MinP),
            TypicalP = Real("typical_p", Real("typ_p", defaults.TypicalP)),
            RepetitionPenalty = Real("penalty_repeat", defaults.RepetitionPenalty),
            FrequencyPenalty = Real("penalty_freq", defaults.FrequencyPenalty),
            PresencePenalty = Real("penalty_present", defaults.PresencePenalty),
            PenaltyWindow = metadata.GetInt32OrDefault(Prefix + "penalty_last_n", defaults.PenaltyWindow),
        };
        return Validated(options, metadata.File, Prefix + "*");
    }

    public static SamplingOptions Read(JsonElement config)
    {
        const string File = "generation_config.json";
        if (config.ValueKind != JsonValueKind.Object) throw new ModelFormatException(File, "root", "is not an object");
        string[] fields = ["temperature", "top_k", "top_p", "min_p", "typical_p"];
        bool samples = Get(config, "do_sample") is { } flag ? Flag(flag) : fields.Any(field => Get(config, field) is not null);
        double Real(string field, double otherwise) => Get(config, field) is { } value ? Number(field, value) : otherwise;
        var options = new SamplingOptions { RepetitionPenalty = (float)Real("repetition_penalty", 1), PenaltyWindow = -1, Temperature = 0 };
        if (!samples) return Validated(options, File, "repetition_penalty");
        options = options with
        {
            Temperature = (float)Real("temperature", 1),
            TopK = (int)Math.Clamp(Real("top_k", 0), 0, int.MaxValue),
            TopP = (float)Real("top_p", 1),
            MinP = (float)Real("min_p", 0),
            TypicalP = (float)Real("typical_p", 1),
        };
        return Validated(options, File, "sampling fields");

        static bool Flag(JsonElement value) => value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw new ModelFormatException(File, "do_sample", "is not true or false");

        static double Number(string field, JsonElement value) => value.ValueKind == JsonValueKind.Number
            ? value.GetDouble()
            : throw new ModelFormatException(File, field, "is not a number");
    }

    /// <summary>A field's value; null where it is missing or null.</summary>
    private static JsonElement? Get(JsonElement config, string field) =>
        config.TryGetProperty(field, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static SamplingOptions Validated(SamplingOptions options, string file, string field)
    {
        try
        {
            options.Validate();
            return options;
        }
        catch (ArgumentException error)
        {
            throw new ModelFormatException(file, field, error.Message, error);
        }
    }
}
