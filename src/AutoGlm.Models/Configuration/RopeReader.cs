using AutoGlm.Formats;
using AutoGlm.Graph;

namespace AutoGlm.Models.Configuration;

/// <summary>
/// Reads rotary embeddings in all their spellings: GGUF's keys and factor tensors, config.json's rope_theta with rope_scaling,
/// and its newer rope_parameters, which may hold one set for each kind of layer.
/// </summary>
internal sealed class RopeReader(Hyperparameters settings, IWeightSource weights, int headSize, int modelContext, int context)
{
    /// <summary>Rope of the layers that see everything.</summary>
    public RopeScaling Global(double defaultTheta, double defaultPartial)
    {
        int dimensions = Dimensions(defaultPartial);
        RopeScaling rope = settings.IsHuggingFace
            ? FromConfig(HasLayerKinds ? "rope_parameters.full_attention" : SingleObject, Theta(defaultTheta), dimensions)
            : FromGguf(Theta(defaultTheta), dimensions);
        return rope.Validate(settings.Location);
    }

    /// <summary>Rope of sliding-window layers where they have their own (Gemma 3): never scaled.</summary>
    public RopeScaling Local(double defaultTheta, double defaultPartial) => new RopeScaling
    {
        Theta = settings.FindNumber("rope.freq_base_swa", "rope_local_base_freq")
            ?? settings.FindNumber("", "rope_parameters.sliding_attention.rope_theta")
            ?? defaultTheta,
        Dimensions = Dimensions(defaultPartial),
    }.Validate(settings.Location);

    private bool HasLayerKinds => settings.FindNumber("", "rope_parameters.full_attention.rope_theta") is not null;

    private string SingleObject => settings.FindNumber("", "rope_parameters.rope_theta") is not null ? "rope_parameters" : "rope_scaling";

    private double Theta(double missing) =>
        settings.FindNumber("rope.freq_base", "rope_parameters.rope_theta")
        ?? settings.FindNumber("", "rope_parameters.full_attention.rope_theta")
        ?? settings.FindNumber("", "rope_theta")
        ?? missing;

    private int Dimensions(double defaultPartial)
    {
        if (!settings.IsHuggingFace) return settings.Count("rope.dimension_count", "", (int)(headSize * defaultPartial));
        double partial = settings.FindNumber("", "rope_parameters.partial_rotary_factor")
            ?? settings.FindNumber("", "partial_rotary_factor")
            ?? defaultPartial;
        return partial is > 0 and <= 1
            ? (int)(headSize * partial)
            : throw new ModelFormatException(settings.Location, "partial_rotary_factor", $"{partial} is not over 0 and at most 1");
    }

    private RopeScaling FromConfig(string parent, double theta, int dimensions)
    {
        double? Find(string name) => settings.FindNumber("", $"{parent}.{name}");
        string kind = settings.FindString("", $"{parent}.rope_type") ?? settings.FindString("", $"{parent}.type") ?? "default";
        double original = Find("original_max_position_embeddings") ?? settings.FindNumber("", "original_max_position_embeddings") ?? modelContext;
        RopeScaling rope = new()
        {
            Kind = ParseKind(kind, $"{parent}.rope_type"),
            Theta = theta,
            Dimensions = dimensions,
            Factor = Find("factor") ?? (kind is "longrope" or "su" ? modelContext / original : 1),
            OriginalContext = original,
            AttentionFactor = Find("attention_factor"),
            BetaFast = Find("beta_fast") ?? 32,
            BetaSlow = Find("beta_slow") ?? 1,
            Truncate = settings.FindBoolean("", $"{parent}.truncate") ?? true,
            Mscale = Find("mscale") ?? 0,
            MscaleAllDimensions = Find("mscale_all_dim") ?? 0,
            LowFrequencyFactor = Find("low_freq_factor") ?? 1,
            HighFrequencyFactor = Find("high_freq_factor") ?? 4,
        };
        if (rope.Kind != RopeScalingKind.LongRope) return rope;
        string list = $"{parent}.{(context > original ? "long_factor" : "short_factor")}";
        return rope with { Divisors = settings.FindNumbers("", list) ?? throw new ModelFormatException(settings.Location, list, "longrope needs this list") };
    }

    private RopeScaling FromGguf(double theta, int dimensions)
    {
        double? Find(string name) => settings.FindNumber("rope.scaling." + name, "");
        double original = Find("original_context_length") ?? modelContext;
        double? factor = Find("factor") ?? settings.FindNumber("rope.scale_linear", "");
        string kind = settings.FindString("rope.scaling.type", "") ?? (factor is null or 1 or 0 ? "none" : "linear");
        string factors = context > original ? "rope_factors_long.weight" : "rope_factors_short.weight";
        if (weights.Contains(factors)) kind = "longrope";
        RopeScaling rope = new()
        {
            Kind = ParseKind(kind, "rope.scaling.type"),
            Theta = theta,
            Dimensions = dimensions,
            Factor = factor is null or 0 ? (kind == "longrope" ? modelContext / original : 1) : factor.Value,
            OriginalContext = original,
            AttentionFactor = Find("attn_factor"),
            BetaFast = Find("yarn_beta_fast") ?? 32,
            BetaSlow = Find("yarn_beta_slow") ?? 1,
            Truncate = settings.ArchitectureName != "gpt-oss",
            // The file keeps 0.1 · mscale_all_dim, and nothing for mscale, which is the same in the models that have either.
            Mscale = 10 * (Find("yarn_log_multiplier") ?? 0),
            MscaleAllDimensions = 10 * (Find("yarn_log_multiplier") ?? 0),
        };
        if (rope.Kind == RopeScalingKind.LongRope) return rope with { Divisors = ReadDivisors(factors) };
        return weights.Contains("rope_freqs.weight") ? rope with { Divisors = ReadDivisors("rope_freqs.weight") } : rope;
    }

    private double[] ReadDivisors(string name) => Array.ConvertAll(weights.Get(name).Decode(), value => (double)value);

    private RopeScalingKind ParseKind(string kind, string field) => kind switch
    {
        "default" or "none" or "" => RopeScalingKind.None,
        "linear" => RopeScalingKind.Linear,
        "llama3" => RopeScalingKind.Llama3,
        "yarn" => RopeScalingKind.Yarn,
        "longrope" or "su" => RopeScalingKind.LongRope,
        // It changes nothing within the context the model was made for.
        "dynamic" when context <= modelContext => RopeScalingKind.None,
        _ => throw new ModelFormatException(settings.Location, field, $"rope scaling '{kind}' is not supported; there are default, linear, llama3, yarn and longrope"),
    };
}
