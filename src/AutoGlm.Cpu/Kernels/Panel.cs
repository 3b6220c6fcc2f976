namespace AutoGlm.Cpu.Kernels;

/// <summary>Sizes that every packed layout shares.</summary>
internal static class Panel
{
    /// <summary>Output rows of a panel: two AVX-512 registers, so that each broadcast activation is used twice.</summary>
    public const int Rows = 32;

    /// <summary>Bytes of a vector with 32, 16 or 8 bits for each row.</summary>
    public const int Vector = 4 * Rows, Halves = 2 * Rows, Bytes = Rows;
}
