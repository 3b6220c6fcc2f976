using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cuda.Linear;

/// <summary>
/// How weights of a file type lie in the card's memory; <c>Kernels/linear_formats.cuh</c> says what is in a unit. Several file
/// types may share a layout.
/// </summary>
/// <param name="Type">What packs into it.</param>
/// <param name="Name">Suffix of the kernels that read it: <c>gemv_NAME</c>, <c>gemm_NAME_nROWS</c>.</param>
/// <param name="PackKernel">Kernel that makes units from the file's blocks.</param>
/// <param name="UnitColumns">Columns of a unit.</param>
/// <param name="UnitBytes">Bytes of a unit: 16 rows of <paramref name="UnitColumns"/>.</param>
/// <param name="MeanBytes">Bytes of the activations' means that a matrix-vector kernel keeps for each unit and row.</param>
/// <param name="BFloat16">True where activations meet the weights as bfloat16; else as half precision, saturated at 65504.</param>
internal sealed record PackedFormat(TensorType Type, string Name, string PackKernel, int UnitColumns, int UnitBytes, int MeanBytes, bool BFloat16 = false)
{
    /// <summary>Rows of weights in a tile.</summary>
    public const int TileRows = 16;

    /// <summary>Rows of floats as they are: for weights in single precision, and for types without a layout of their own.</summary>
    public static readonly PackedFormat Single = Of(TensorType.F32, 1, TileRows * sizeof(float), 0);

    private static readonly Dictionary<TensorType, PackedFormat> Known = new PackedFormat[]
    {
        Of(TensorType.F16, 128, 4096, 0),
        Of(TensorType.BF16, 128, 4096, 0) with { BFloat16 = true },
        Of(TensorType.Q4_0, 128, 1152, 16),
        Of(TensorType.Q4_1, 128, 1280, 16),
        Of(TensorType.Q5_0, 128, 1408, 16),
        Of(TensorType.Q5_1, 128, 1536, 16),
        Of(TensorType.Q8_0, 128, 2176, 16),
        Of(TensorType.IQ4_NL, 128, 1152, 16),
        Of(TensorType.IQ4_XS, 128, 1152, 16) with { Name = "iq4_nl" },
        Of(TensorType.MXFP4, 128, 1152, 16),
        Of(TensorType.Q2_K, 256, 1344, 32),
        Of(TensorType.Q3_K, 256, 1824, 32),
        Of(TensorType.Q4_K, 256, 2368, 16),
        Of(TensorType.Q5_K, 256, 2880, 16),
        Of(TensorType.Q6_K, 256, 3360, 32),
    }.ToDictionary(format => format.Type);

    /// <summary>File types with a packed layout of their own.</summary>
    public static IEnumerable<TensorType> Types => Known.Keys;

    /// <summary>The layout of a file type; <see cref="Single"/> where it has none, and its values are to be brought as floats.</summary>
    public static PackedFormat Get(TensorType type) => Known.GetValueOrDefault(type, Single);

    /// <summary>Units along a row.</summary>
    public int Units(int columns) => (columns + UnitColumns - 1) / UnitColumns;

    private static PackedFormat Of(TensorType type, int unitColumns, int unitBytes, int meanBytes)
    {
        string name = type.ToString().ToLowerInvariant();
        return new PackedFormat(type, name, "pack_" + name, unitColumns, unitBytes, meanBytes);
    }
}
