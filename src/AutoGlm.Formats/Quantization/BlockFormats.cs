using System.Diagnostics.CodeAnalysis;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Formats.Quantization;

/// <summary>Every block format there is, by type and by name.</summary>
public static class BlockFormats
{
    /// <summary>All formats, in the order of ggml's type ids.</summary>
    public static IReadOnlyList<BlockFormat> All { get; } =
    [
        BlockFormat.Of<F32>(),
        BlockFormat.Of<F16>(),
        BlockFormat.Of<Q4_0>(),
        BlockFormat.Of<Q4_1>(),
        BlockFormat.Of<Q5_0>(),
        BlockFormat.Of<Q5_1>(),
        BlockFormat.Of<Q8_0>(),
        BlockFormat.Of<Q2_K>(),
        BlockFormat.Of<Q3_K>(),
        BlockFormat.Of<Q4_K>(),
        BlockFormat.Of<Q5_K>(),
        BlockFormat.Of<Q6_K>(),
        BlockFormat.Of<IQ4_NL>(),
        BlockFormat.Of<IQ4_XS>(),
        BlockFormat.Of<BF16>(),
        BlockFormat.Of<TQ1_0>(),
        BlockFormat.Of<TQ2_0>(),
        BlockFormat.Of<MXFP4>(),
        BlockFormat.Of<NVFP4>(),
    ];

    private static readonly Dictionary<TensorType, BlockFormat> ByType = All.ToDictionary(format => format.Type);

    private static readonly Dictionary<string, BlockFormat> ByName =
        All.ToDictionary(format => format.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The names of all formats, for messages.</summary>
    public static string Names { get; } = string.Join(' ', All.Select(format => format.Name));

    /// <exception cref="ArgumentException">No such type.</exception>
    public static BlockFormat Get(TensorType type) =>
        TryGet(type, out BlockFormat? format)
            ? format
            : throw new ArgumentException($"unknown tensor type {type}; known: {Names}", nameof(type));

    /// <param name="name">ggml's name, in any case.</param>
    /// <exception cref="ArgumentException">No such type.</exception>
    public static BlockFormat Get(string name) =>
        TryGet(name, out BlockFormat? format)
            ? format
            : throw new ArgumentException($"unknown tensor type '{name}'; known: {Names}", nameof(name));

    public static bool TryGet(TensorType type, [NotNullWhen(true)] out BlockFormat? format) => ByType.TryGetValue(type, out format);

    public static bool TryGet(string name, [NotNullWhen(true)] out BlockFormat? format) => ByName.TryGetValue(name, out format);

    /// <summary>Bytes of a row of <paramref name="rowLength"/> values of the type.</summary>
    /// <exception cref="ArgumentException">Unknown type, or the length is not a whole number of its blocks.</exception>
    public static long RowBytes(TensorType type, long rowLength) => Get(type).RowBytes(rowLength);
}
