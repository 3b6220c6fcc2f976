using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Models.Building;

namespace AutoGlm.Models.Architectures;

/// <summary>Granite 3: Llama's layers with a factor on embeddings, scores, residuals and logits (IBM Granite 3.0, 2024).</summary>
internal static class Granite
{
    public static Architecture Definition { get; } = new("granite", "granite", ["granite"], Build) { GgufRope = RopeLayout.Interleaved };

    private static ComputationGraph Build(DecoderBuilder b)
    {
        var settings = b.Config.Settings;
        float embeddingScale = settings.Number("embedding_scale", "embedding_multiplier", 1);
        float scoreScale = settings.Number("attention.scale", "attention_multiplier", 1 / Math.Sqrt(b.Config.HeadSize));
        float residualScale = settings.Number("residual_scale", "residual_multiplier", 1);
        float logitDivisor = settings.Number("logit_scale", "logits_scaling", 1);
        if (logitDivisor == 0) throw settings.Invalid("logit_scale", "logits_scaling", "logits cannot be divided by 0");
        RopeTable rope = b.Config.Rope.Global(10_000, 1).ToTable(b.RopeLayout);
        Value x = b.Scale(b.Embed(), embeddingScale);
        for (int i = 0; i < b.Config.Layers; i++)
        {
            LayerBuilder layer = new(b, i);
            (Value q, Value k, Value v) = layer.Project(layer.Norm(x, "attn_norm"));
            x = b.Add(x, b.Scale(layer.Attend(q, k, v, rope, scoreScale), residualScale));
            x = b.Add(x, b.Scale(layer.FeedForward(layer.Norm(x, "ffn_norm")), residualScale));
        }

        return b.Finish(x, logitScale: 1 / logitDivisor);
    }
}
