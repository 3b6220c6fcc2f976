using System.Text.RegularExpressions;

namespace AutoGlm.Models.Weights;

/// <summary>Hugging Face's parameter names in GGUF's.</summary>
internal static partial class HuggingFaceNames
{
    private static readonly Dictionary<string, string> Parts = new()
    {
        ["input_layernorm"] = "attn_norm",
        ["self_attn.q_proj"] = "attn_q",
        ["self_attn.k_proj"] = "attn_k",
        ["self_attn.v_proj"] = "attn_v",
        ["self_attn.qkv_proj"] = "attn_qkv",
        ["self_attn.o_proj"] = "attn_output",
        ["self_attn.q_norm"] = "attn_q_norm",
        ["self_attn.k_norm"] = "attn_k_norm",
        ["self_attn.q_a_proj"] = "attn_q_a",
        ["self_attn.q_a_layernorm"] = "attn_q_a_norm",
        ["self_attn.q_b_proj"] = "attn_q_b",
        ["self_attn.kv_a_proj_with_mqa"] = "attn_kv_a_mqa",
        ["self_attn.kv_a_layernorm"] = "attn_kv_a_norm",
        ["self_attn.kv_b_proj"] = "attn_kv_b",
        ["post_self_attn_layernorm"] = "post_attention_norm",
        ["pre_feedforward_layernorm"] = "ffn_norm",
        ["post_feedforward_layernorm"] = "post_ffw_norm",
        ["post_mlp_layernorm"] = "post_ffw_norm",
        ["mlp.gate_proj"] = "ffn_gate",
        ["mlp.up_proj"] = "ffn_up",
        ["mlp.gate_up_proj"] = "ffn_up",
        ["mlp.down_proj"] = "ffn_down",
        ["mlp.gate"] = "ffn_gate_inp",
        ["mlp.router"] = "ffn_gate_inp",
        ["block_sparse_moe.gate"] = "ffn_gate_inp",
        ["mlp.shared_experts.gate_proj"] = "ffn_gate_shexp",
        ["mlp.shared_experts.up_proj"] = "ffn_up_shexp",
        ["mlp.shared_experts.down_proj"] = "ffn_down_shexp",
        ["gate_proj"] = "ffn_gate_exps",
        ["up_proj"] = "ffn_up_exps",
        ["down_proj"] = "ffn_down_exps",
        ["w1"] = "ffn_gate_exps",
        ["w3"] = "ffn_up_exps",
        ["w2"] = "ffn_down_exps",
    };

    /// <summary>GGUF's name of a parameter, and which expert's it is (-1: not one of a stack); null for one the graphs do not use.</summary>
    /// <param name="name">Hugging Face's name.</param>
    /// <param name="postAttentionNorm">What this family's <c>post_attention_layernorm</c> is.</param>
    public static (string Name, int Expert)? Translate(string name, string postAttentionNorm)
    {
        name = Prefix().Replace(name, "");
        switch (name)
        {
            case "embed_tokens.weight": return ("token_embd.weight", -1);
            case "norm.weight": return ("output_norm.weight", -1);
            case "lm_head.weight": return ("output.weight", -1);
            case "lm_head.bias": return ("output.bias", -1);
        }

        Match match = Layer().Match(name);
        if (!match.Success) return null;
        string layer = match.Groups["layer"].Value, part = match.Groups["part"].Value, kind = match.Groups["kind"].Value;
        if (part == "mlp.gate" && kind == "e_score_correction_bias") return ($"blk.{layer}.exp_probs_b.bias", -1);
        if (part == "self_attn" && kind == "sinks") return ($"blk.{layer}.attn_sinks.weight", -1);
        string? translated = part == "post_attention_layernorm" ? postAttentionNorm : Parts.GetValueOrDefault(part);
        if (translated is null || kind is not ("weight" or "bias")) return null;
        int expert = match.Groups["expert"].Success && int.TryParse(match.Groups["expert"].Value, out int index) ? index : -1;
        return ($"blk.{layer}.{translated}.{kind}", expert);
    }

    [GeneratedRegex(@"^(model\.language_model\.|language_model\.model\.|language_model\.|model\.)", RegexOptions.CultureInvariant)]
    private static partial Regex Prefix();

    [GeneratedRegex(@"^layers\.(?<layer>\d{1,5})\.((mlp|block_sparse_moe)\.experts\.(?<expert>\d{1,5})\.)?(?<part>[a-z0-9_.]+)\.(?<kind>weight|bias|sinks|e_score_correction_bias)$", RegexOptions.CultureInvariant)]
    private static partial Regex Layer();
}
