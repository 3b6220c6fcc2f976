using AutoGlm.Formats;
using AutoGlm.Graph;

namespace AutoGlm.Models.Configuration;

/// <summary>What every decoder has; what only some have, their own files read from <see cref="Settings"/>.</summary>
internal sealed class ModelConfig
{
    public ModelConfig(Hyperparameters settings, IWeightSource weights, int? context)
    {
        Settings = settings;
        Layers = settings.Count("block_count", "num_hidden_layers", most: 4096) - settings.CountOrZero("nextn_predict_layers", "");
        Hidden = settings.Count("embedding_length", "hidden_size");
        FeedForward = settings.Count("feed_forward_length", "intermediate_size");
        Heads = settings.Count("attention.head_count", "num_attention_heads", most: 4096);
        KvHeads = settings.Count("attention.head_count_kv", "num_key_value_heads", Heads, most: 4096);
        HeadSize = settings.Count("attention.key_length", "head_dim", Math.Max(1, Hidden / Heads), most: 8192);
        Epsilon = settings.Number("attention.layer_norm_rms_epsilon", "rms_norm_eps", settings.IsHuggingFace ? 1e-6 : null);
        ModelContext = settings.Count("context_length", "max_position_embeddings", 2048);
        Context = context ?? ModelContext;
        if (Epsilon <= 0) throw settings.Invalid("attention.layer_norm_rms_epsilon", "rms_norm_eps", $"{Epsilon} should be over 0");
        if (Layers < 1) throw settings.Invalid("block_count", "num_hidden_layers", "no layer is left beside the prediction layers");
        if (Heads % KvHeads != 0) throw settings.Invalid("attention.head_count_kv", "num_key_value_heads", $"{Heads} heads cannot share {KvHeads} key/value heads evenly");
        Rope = new RopeReader(settings, weights, settings.CountOrZero("", "qk_rope_head_dim") is > 0 and int size ? size : HeadSize, ModelContext, Context);
    }

    public Hyperparameters Settings { get; }

    public int Layers { get; }

    /// <summary>Columns of the residual stream.</summary>
    public int Hidden { get; }

    /// <summary>Columns inside a dense feed-forward.</summary>
    public int FeedForward { get; }

    public int Heads { get; }

    public int KvHeads { get; }

    public int HeadSize { get; }

    /// <summary>RMSNorm's epsilon.</summary>
    public float Epsilon { get; }

    /// <summary>Tokens the model was made for.</summary>
    public int ModelContext { get; }

    /// <summary>Tokens it will be used with.</summary>
    public int Context { get; }

    public RopeReader Rope { get; }

    /// <summary>Window in tokens of the sliding layers; 0 where there is none.</summary>
    /// <remarks>Qwen's config.json names a window that counts only where <c>use_sliding_window</c> says so.</remarks>
    public int SlidingWindow => Settings.Flag("", "use_sliding_window", !Settings.ArchitectureName.StartsWith("qwen", StringComparison.Ordinal))
        ? Settings.CountOrZero("attention.sliding_window", "sliding_window")
        : 0;

    /// <summary>Whether a layer sees only the window: the file's layer_types, else the architecture's pattern.</summary>
    public bool Slides(int layer, Func<int, bool> pattern)
    {
        if (SlidingWindow == 0) return false;
        if (Settings.FindStrings("", "layer_types") is not { } kinds) return pattern(layer);
        if (kinds.Count < Layers) throw Settings.Invalid("", "layer_types", $"there should be {Layers}, one for each layer");
        return kinds[layer] switch
        {
            "sliding_attention" => true,
            "full_attention" => false,
            string other => throw Settings.Invalid("", "layer_types", $"attention '{other}' is not supported"),
        };
    }
}
