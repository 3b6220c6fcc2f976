using AutoGlm.Formats;
using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Models.Building;

namespace AutoGlm.Models.Architectures;

/// <summary>One family of models: what files call it, and how its forward pass is built.</summary>
/// <param name="Name">The family's name here.</param>
/// <param name="GgufName">GGUF's <c>general.architecture</c>.</param>
/// <param name="HuggingFaceNames">config.json's <c>model_type</c>s.</param>
/// <param name="Build">Builds the graph.</param>
internal sealed record Architecture(string Name, string GgufName, IReadOnlyList<string> HuggingFaceNames, Func<DecoderBuilder, ComputationGraph> Build)
{
    /// <summary>Rotated pairs in GGUF files, whose converters reorder some families' rows; Hugging Face's by <see cref="HuggingFaceRope"/>.</summary>
    public RopeLayout GgufRope { get; init; } = RopeLayout.Halves;

    public RopeLayout HuggingFaceRope { get; init; } = RopeLayout.Halves;

    /// <summary>True where Hugging Face stores norm gains less 1 (Gemma).</summary>
    public bool GainsLessOne { get; init; }

    /// <summary>What config.json calls the feed-forward's activation.</summary>
    public IReadOnlyList<string> Activations { get; init; } = ["silu", "swish"];

    /// <summary>What Hugging Face's <c>post_attention_layernorm</c> is: the norm before the feed-forward, in most families.</summary>
    public string PostAttentionNorm { get; init; } = "ffn_norm";

    /// <summary>All families.</summary>
    public static IReadOnlyList<Architecture> All { get; } =
    [
        Llama.Definition, Mistral.Definition, Qwen2.Definition, Qwen3.Definition, Glm.Definition, Glm4.Definition, Phi3.Definition,
        Gemma2.Definition, Gemma3.Definition, SmolLm3.Definition, Olmo2.Definition, Granite.Definition,
        Mixtral.Definition, Qwen3Moe.Definition, Glm4Moe.Definition, GptOss.Definition,
        DeepSeekV3.Definition, Glm4MoeLite.Definition,
    ];

    /// <exception cref="ModelFormatException">There is no such family here.</exception>
    public static Architecture Find(string location, string name, bool huggingFace)
    {
        Architecture? found = All.FirstOrDefault(family => huggingFace ? family.HuggingFaceNames.Contains(name) : family.GgufName == name);
        if (found is not null) return found;
        string known = string.Join(", ", All.SelectMany(family => huggingFace ? family.HuggingFaceNames : [family.GgufName]).Where(known => known.Length > 0).Distinct());
        throw new ModelFormatException(location, huggingFace ? "model_type" : "general.architecture", $"architecture '{name}' is not supported; there are {known}");
    }
}
