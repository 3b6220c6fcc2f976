using AutoGlm.Graph.Nodes;

namespace AutoGlm.Models.Architectures;

/// <summary>GLM-4.7-Flash: DeepSeek-V3's layers. GGUF files call it deepseek2.</summary>
internal static class Glm4MoeLite
{
    public static Architecture Definition { get; } = new("glm4-moe-lite", "", ["glm4_moe_lite"], DeepSeekV3.Build)
    {
        HuggingFaceRope = RopeLayout.Interleaved,
    };
}
