using AutoGlm.Formats.Quantization;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Models.Synthesis;

/// <summary>How the matrices of a made-up model are stored: all in one type, or mixed as llama.cpp's Q4_K_M is.</summary>
public sealed class SyntheticType
{
    private const string Mix = "Q4_K_M";
    private readonly TensorType _type;
    private readonly bool _mixed;

    private SyntheticType(TensorType type, bool mixed)
    {
        _type = type;
        _mixed = mixed;
    }

    /// <summary>ggml's name of the type, or of the mix.</summary>
    public string Name => _mixed ? Mix : _type.ToString();

    /// <summary>The names of all types, for messages.</summary>
    public static string Names { get; } = $"{BlockFormats.Names} {Mix}";

    public static implicit operator SyntheticType(TensorType type) => new(BlockFormats.Get(type).Type, mixed: false);

    /// <param name="name">A block format or Q4_K_M, in any case.</param>
    /// <exception cref="ArgumentException">No such type.</exception>
    public static SyntheticType Parse(string name)
    {
        if (name.Equals(Mix, StringComparison.OrdinalIgnoreCase)) return new(TensorType.Q4_K, mixed: true);
        return BlockFormats.TryGet(name, out BlockFormat? format)
            ? format.Type
            : throw new ArgumentException($"unknown type '{name}'; known: {Names}", nameof(name));
    }

    /// <summary>llama.cpp's number for a file of the type, which other programs show; null where it has none.</summary>
    internal uint? FileType => _mixed ? 15u : _type switch
    {
        TensorType.F32 => 0,
        TensorType.F16 => 1,
        TensorType.Q4_0 => 2,
        TensorType.Q4_1 => 3,
        TensorType.Q8_0 => 7,
        TensorType.Q5_0 => 8,
        TensorType.Q5_1 => 9,
        TensorType.Q2_K => 10,
        TensorType.Q3_K => 11,
        TensorType.Q4_K => 14,
        TensorType.Q5_K => 16,
        TensorType.Q6_K => 18,
        TensorType.IQ4_NL => 25,
        TensorType.IQ4_XS => 30,
        TensorType.BF16 => 32,
        TensorType.TQ1_0 => 36,
        TensorType.TQ2_0 => 37,
        _ => null,
    };

    /// <summary>Type of a layer's matrix.</summary>
    /// <param name="name">Its name after <c>blk.N.</c>, without <c>.weight</c>.</param>
    /// <param name="layer">Its layer.</param>
    /// <param name="layers">Layers in all.</param>
    /// <param name="rowLength">Values in a row.</param>
    internal TensorType OfLayer(string name, int layer, int layers, long rowLength) =>
        Fit(_mixed && name is "attn_v" or "ffn_down" && UsesMoreBits(layer, layers) ? TensorType.Q6_K : _type, rowLength);

    /// <summary>Type of the token embedding or the output head.</summary>
    internal TensorType OfVocabulary(bool isOutput, long rowLength) => Fit(_mixed && isOutput ? TensorType.Q6_K : _type, rowLength);

    /// <summary>llama.cpp gives the first and last eighth of the layers, and every third between, more bits.</summary>
    private static bool UsesMoreBits(int layer, int layers) =>
        layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;

    /// <summary>The type, or what llama.cpp puts in its place where a row is no whole number of its blocks.</summary>
    private static TensorType Fit(TensorType type, long rowLength)
    {
        if (rowLength % BlockFormats.Get(type).BlockLength == 0) return type;
        TensorType smaller = type switch
        {
            TensorType.Q4_K => TensorType.Q5_0,
            TensorType.Q5_K => TensorType.Q5_1,
            TensorType.Q6_K => TensorType.Q8_0,
            TensorType.Q2_K or TensorType.Q3_K or TensorType.IQ4_XS => TensorType.IQ4_NL,
            TensorType.TQ1_0 or TensorType.TQ2_0 => TensorType.Q4_0,
            _ => TensorType.F16,
        };
        return Fit(smaller, rowLength);
    }
}
