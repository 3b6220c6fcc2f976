using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Models.Building;

namespace AutoGlm.Models.Architectures;

/// <summary>SmolLM3: Llama's layers, every fourth without rotation (NoPE, arXiv:2501.18795).</summary>
internal static class SmolLm3
{
    public static Architecture Definition { get; } = new("smollm3", "smollm3", ["smollm3"], Build) { GgufRope = RopeLayout.Interleaved };

    private static ComputationGraph Build(DecoderBuilder b)
    {
        var settings = b.Config.Settings;
        RopeTable rope = b.Config.Rope.Global(2_000_000, 1).ToTable(b.RopeLayout);
        IReadOnlyList<double>? rotates = settings.FindNumbers("", "no_rope_layers");
        if (rotates is not null && rotates.Count < b.Config.Layers) throw settings.Invalid("", "no_rope_layers", $"there should be {b.Config.Layers}");
        int interval = settings.Count("", "no_rope_layer_interval", 4);
        Value x = b.Embed();
        for (int i = 0; i < b.Config.Layers; i++)
        {
            LayerBuilder layer = new(b, i);
            bool rotate = rotates is null ? (i + 1) % interval != 0 : rotates[i] != 0;
            int window = b.Config.Slides(i, _ => false) ? b.Config.SlidingWindow : 0;
            (Value q, Value k, Value v) = layer.Project(layer.Norm(x, "attn_norm"));
            x = b.Add(x, layer.Attend(q, k, v, rotate ? rope : null, window: window));
            x = b.Add(x, layer.FeedForward(layer.Norm(x, "ffn_norm")));
        }

        return b.Finish(x);
    }
}
