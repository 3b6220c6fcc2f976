using System.Numerics;
using System.Text.Json;
using AutoGlm.Formats;
using AutoGlm.Formats.Gguf;

namespace AutoGlm.Engine.Sampling;

/// <summary>How the next token is chosen from the logits. The defaults draw from the model's own distribution.</summary>
/// <remarks>
/// Applied in llama.cpp's order: logit bias, penalties, top-k, typical, top-p, min-p, temperature, draw. Each filter works on what
/// the ones before it left, with probabilities normalised anew.
/// </remarks>
public sealed record SamplingOptions
{
    /// <summary>Always the most probable token.</summary>
    public static SamplingOptions Greedy { get; } = new() { Temperature = 0 };

    /// <summary>Divides the logits before the draw: 0 to 100. 0 is greedy: the largest logit, the lowest id where several are.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>Keeps the k most probable tokens: 0 and up; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Keeps the fewest most probable tokens that together reach this probability: 0 to 1; 1 keeps all.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Keeps tokens at least this probable relative to the most probable one: 0 to 1; 0 keeps all.</summary>
    public float MinP { get; init; }

    /// <summary>
    /// Keeps the tokens whose surprise is nearest to the entropy, until they reach this probability: 0 to 1; 1 keeps all
    /// (Meister et al. 2022, "Locally Typical Sampling").
    /// </summary>
    public float TypicalP { get; init; } = 1;

    /// <summary>Divides positive logits of tokens in the window, and multiplies negative ones: over 0, to 100; 1 is none (Keskar et al. 2019).</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Subtracted from a token's logit once for each time it is in the window: -100 to 100; 0 is none.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Subtracted from the logit of every token that is in the window: -100 to 100; 0 is none.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>The last tokens, of the prompt too, that the penalties look at: 0 and up, or -1 for all.</summary>
    public int PenaltyWindow { get; init; } = 64;

    /// <summary>Added to logits by token id; finite. Null for none.</summary>
    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    /// <summary>Same seed, same choices. Null takes a fresh one.</summary>
    public ulong? Seed { get; init; }

    internal bool HasPenalties => PenaltyWindow != 0 && (RepetitionPenalty != 1 || FrequencyPenalty != 0 || PresencePenalty != 0);

    /// <exception cref="ArgumentException">A field is outside its range; the message names both.</exception>
    public void Validate()
    {
        Check(nameof(Temperature), Temperature, 0, 100);
        Check(nameof(TopK), TopK, 0, int.MaxValue);
        Check(nameof(TopP), TopP, 0, 1);
        Check(nameof(MinP), MinP, 0, 1);
        Check(nameof(TypicalP), TypicalP, 0, 1);
        Check(nameof(RepetitionPenalty), RepetitionPenalty, 0, 100);
        if (RepetitionPenalty == 0) throw Outside(nameof(RepetitionPenalty), 0, "over 0, to 100");
        Check(nameof(FrequencyPenalty), FrequencyPenalty, -100, 100);
        Check(nameof(PresencePenalty), PresencePenalty, -100, 100);
        Check(nameof(PenaltyWindow), PenaltyWindow, -1, int.MaxValue);
        foreach ((int token, float bias) in LogitBias ?? new Dictionary<int, float>())
        {
            if (token < 0) throw Outside(nameof(LogitBias), token, "token ids of 0 and up");
            if (!float.IsFinite(bias)) throw Outside(nameof(LogitBias), bias, "a finite number for each token");
        }
    }

    /// <summary>What a GGUF file recommends under <c>general.sampling.*</c>, in llama.cpp's names; the defaults where it says nothing.</summary>
    /// <exception cref="ModelFormatException">A recommended value is of the wrong type or outside its range.</exception>
    public static SamplingOptions FromGguf(GgufMetadata metadata) => SamplingFiles.Read(metadata);

    /// <summary>
    /// What a generation_config.json recommends. As in transformers, <c>do_sample</c> false is greedy and the repetition penalty
    /// looks at all tokens; a file with neither <c>do_sample</c> nor a sampling field is greedy too.
    /// </summary>
    /// <exception cref="ModelFormatException">A recommended value is of the wrong type or outside its range.</exception>
    public static SamplingOptions FromGenerationConfig(JsonElement config) => SamplingFiles.Read(config);

    private static void Check<T>(string field, T value, T lowest, T highest)
        where T : INumber<T>
    {
        if (!(value >= lowest && value <= highest))
        {
            throw Outside(field, value, highest is int.MaxValue ? $"at least {lowest}" : $"between {lowest} and {highest}");
        }
    }

    private static ArgumentException Outside(string field, IFormattable value, string range) =>
        new(FormattableString.Invariant($"{field} is {value}; it should be {range}."), field);
}
