using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Models.Building;
using AutoGlm.Models.Configuration;

namespace AutoGlm.Models.Architectures;

/// <summary>Multi-head latent attention with absorbed projections (arXiv:2405.04434, section 2.1).</summary>
/// <param name="QueryRank">Columns of the query's latent; 0 where queries are projected at once.</param>
/// <param name="Rank">Columns of the latent c that keys and values share.</param>
/// <param name="PlainSize">Columns of a query head that are not rotated.</param>
/// <param name="RotatedSize">Columns of a query head that are.</param>
/// <param name="ValueSize">Columns of a value head.</param>
/// <param name="Rope">Rotation.</param>
/// <param name="Scale">Factor on scores.</param>
internal sealed record LatentAttention(int QueryRank, int Rank, int PlainSize, int RotatedSize, int ValueSize, RopeTable Rope, float Scale)
{
    public static LatentAttention Read(DecoderBuilder b)
    {
        Hyperparameters settings = b.Config.Settings;
        int rotated = settings.Count("rope.dimension_count", "qk_rope_head_dim");
        int whole = settings.IsHuggingFace
            ? rotated + settings.Count("", "qk_nope_head_dim")
            : settings.Count(settings.FindInteger("attention.key_length_mla", "") is null ? "attention.key_length" : "attention.key_length_mla", "");
        int value = settings.Count(settings.FindInteger("attention.value_length_mla", "") is null ? "attention.value_length" : "attention.value_length_mla", "v_head_dim");
        if (whole <= rotated) throw settings.Invalid("attention.key_length_mla", "qk_nope_head_dim", $"a query head of {whole} columns leaves none beside the {rotated} rotated ones");
        RopeScaling rope = b.Config.Rope.Global(10_000, 1);
        RopeLayout layout = settings.Flag("", "rope_interleave", true) ? b.RopeLayout : RopeLayout.Halves;
        return new LatentAttention(
            settings.CountOrZero("attention.q_lora_rank", "q_lora_rank"),
            settings.Count("attention.kv_lora_rank", "kv_lora_rank"),
            whole - rotated,
            rotated,
            value,
            rope.ToTable(layout),
            (float)(rope.SoftmaxFactor / Math.Sqrt(whole)));
    }

    public Value Attend(DecoderBuilder b, LayerBuilder layer, Value x)
    {
        int heads = b.Config.Heads, whole = PlainSize + RotatedSize;

        Value q = QueryRank > 0
            ? layer.Linear(layer.Norm(layer.Linear(x, "attn_q_a", QueryRank), "attn_q_a_norm"), "attn_q_b", heads * whole)
            : layer.Linear(x, "attn_q", heads * whole);
        Value plain = b.Slice(q, 0, PlainSize, heads);
        Value rotated = b.Rope(b.Slice(q, PlainSize, RotatedSize, heads), RotatedSize, Rope);

        Value kv = layer.Linear(x, "attn_kv_a_mqa", Rank + RotatedSize);
        Value latent = layer.Norm(b.Slice(kv, 0, Rank), "attn_kv_a_norm");
        Value sharedKey = b.Rope(b.Slice(kv, Rank, RotatedSize), RotatedSize, Rope);

        Value absorbed = b.HeadLinear(plain, layer.NameOf("attn_k_b.weight"), heads, Rank);
        Value attended = b.Attention(b.Concat(absorbed, rotated, heads), b.Concat(latent, sharedKey), null, new AttentionShape
        {
            Layer = 0,
            Heads = heads,
            KvHeads = 1,
            KeySize = Rank + RotatedSize,
            ValueSize = Rank,
            ValueInKey = true,
            Scale = Scale,
        });
        return layer.Linear(b.HeadLinear(attended, layer.NameOf("attn_v_b.weight"), heads, ValueSize), "attn_output", b.Config.Hidden);
    }
}
