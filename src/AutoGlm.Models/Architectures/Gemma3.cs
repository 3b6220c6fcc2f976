using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Models.Building;

namespace AutoGlm.Models.Architectures;

/// <summary>Gemma 3: normalised heads, five windowed layers to each full one, a rotation for either kind (arXiv:2503.19786).</summary>
internal static class Gemma3
{
    public static Architecture Definition { get; } = new("gemma3", "gemma3", ["gemma3_text", "gemma3"], Build)
    {
        GainsLessOne = true,
        Activations = ["gelu_pytorch_tanh"],
        PostAttentionNorm = "post_attention_norm",
    };

    private static ComputationGraph Build(DecoderBuilder b)
    {
        var settings = b.Config.Settings;
        RopeTable global = b.Config.Rope.Global(1_000_000, 1).ToTable(b.RopeLayout);
        RopeTable local = b.Config.Rope.Local(10_000, 1).ToTable(b.RopeLayout);
        float scale = 1 / MathF.Sqrt(settings.Number("", "query_pre_attn_scalar", Gemma2.QueryScalar(b, layersOf27B: 62)));
        int pattern = settings.Count("", "sliding_window_pattern", 6);
        Value x = b.Scale(b.Embed(), MathF.Sqrt(b.Config.Hidden));
        for (int i = 0; i < b.Config.Layers; i++)
        {
            LayerBuilder layer = new(b, i);
            bool slides = b.Config.Slides(i, index => (index + 1) % pattern != 0);
            (Value q, Value k, Value v) = layer.Project(layer.Norm(x, "attn_norm"));
            (q, k) = layer.NormHeads(q, k);
            Value attended = layer.Attend(q, k, v, slides ? local : global, scale, slides ? b.Config.SlidingWindow : 0);
            x = b.Add(x, layer.Norm(attended, "post_attention_norm"));
            x = b.Add(x, layer.Norm(layer.FeedForward(layer.Norm(x, "ffn_norm"), ActivationKind.GeluTanh), "post_ffw_norm"));
        }

        return b.Finish(x, softCap: settings.Number("final_logit_softcapping", "final_logit_softcapping", 0));
    }
}
