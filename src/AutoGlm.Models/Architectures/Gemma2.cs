using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Models.Building;

namespace AutoGlm.Models.Architectures;

/// <summary>Gemma 2: norms before and after each part, bounded scores and logits, every other layer windowed (arXiv:2408.00118).</summary>
internal static class Gemma2
{
    public static Architecture Definition { get; } = new("gemma2", "gemma2", ["gemma2"], Build)
    {
        GainsLessOne = true,
        Activations = ["gelu_pytorch_tanh"],
        PostAttentionNorm = "post_attention_norm",
    };

    private static ComputationGraph Build(DecoderBuilder b)
    {
        var settings = b.Config.Settings;
        RopeTable rope = b.Config.Rope.Global(10_000, 1).ToTable(b.RopeLayout);
        float scoreCap = settings.Number("attn_logit_softcapping", "attn_logit_softcapping", settings.IsHuggingFace ? 0 : 50);
        float logitCap = settings.Number("final_logit_softcapping", "final_logit_softcapping", settings.IsHuggingFace ? 0 : 30);
        float scale = 1 / MathF.Sqrt(settings.Number("", "query_pre_attn_scalar", QueryScalar(b, layersOf27B: 46)));
        Value x = b.Scale(b.Embed(), MathF.Sqrt(b.Config.Hidden));
        for (int i = 0; i < b.Config.Layers; i++)
        {
            LayerBuilder layer = new(b, i);
            int window = b.Config.Slides(i, index => index % 2 == 0) ? b.Config.SlidingWindow : 0;
            (Value q, Value k, Value v) = layer.Project(layer.Norm(x, "attn_norm"));
            x = b.Add(x, layer.Norm(layer.Attend(q, k, v, rope, scale, window, scoreCap), "post_attention_norm"));
            x = b.Add(x, layer.Norm(layer.FeedForward(layer.Norm(x, "ffn_norm"), ActivationKind.GeluTanh), "post_ffw_norm"));
        }

        return b.Finish(x, softCap: logitCap);
    }

    /// <summary>GGUF does not store it: the head's size, but in the 27B models hidden / heads.</summary>
    public static int QueryScalar(DecoderBuilder b, int layersOf27B) =>
        b.Config.Layers == layersOf27B ? b.Config.Hidden / b.Config.Heads : b.Config.HeadSize;
}
