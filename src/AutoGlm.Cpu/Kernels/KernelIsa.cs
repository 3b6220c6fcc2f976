namespace AutoGlm.Cpu.Kernels;

/// <summary>Instruction sets that kernels are specialised for.</summary>
internal enum KernelIsa
{
    /// <summary>Plain C#: one lane.</summary>
    Scalar,

    /// <summary>128-bit vectors: AdvSimd on Arm, SSE on x86.</summary>
    Vector128,

    /// <summary>256-bit vectors.</summary>
    Avx2,

    /// <summary>256-bit vectors, with dot products of bytes.</summary>
    AvxVnni,

    /// <summary>512-bit vectors (F and BW).</summary>
    Avx512,

    /// <summary>512-bit vectors, and 256-bit dot products of bytes where 512-bit ones would have to widen them.</summary>
    Avx512Vnni,
}

internal static class KernelIsas
{
    /// <summary>The widest set that this machine has.</summary>
    public static KernelIsa Best { get; } = Supported.Last();

    /// <summary>All sets that this machine has, narrowest first.</summary>
    public static IEnumerable<KernelIsa> Supported => Enum.GetValues<KernelIsa>().Where(IsSupported);

    public static bool IsSupported(KernelIsa isa) => isa switch
    {
        KernelIsa.Scalar => LanesScalar.IsSupported,
        KernelIsa.Vector128 => Lanes128.IsSupported,
        KernelIsa.Avx2 => Lanes256.IsSupported,
        KernelIsa.AvxVnni => Lanes256.IsSupported && Lanes256.HasDot,
        KernelIsa.Avx512 => Lanes512.IsSupported,
        KernelIsa.Avx512Vnni => Lanes512.IsSupported && Lanes256.HasDot,
        _ => false,
    };

    /// <summary>Reads the value of an <c>--isa</c> option: "auto" or a set's name in any case.</summary>
    /// <exception cref="ArgumentException">Unknown, or this machine lacks it.</exception>
    public static KernelIsa Parse(string name)
    {
        if (name.Equals("auto", StringComparison.OrdinalIgnoreCase)) return Best;
        string usable = $"auto, {string.Join(", ", Supported).ToLowerInvariant()}";
        if (!Enum.TryParse(name, ignoreCase: true, out KernelIsa isa) || !Enum.IsDefined(isa))
        {
            throw new ArgumentException($"unknown instruction set '{name}'; this machine has: {usable}");
        }

        return IsSupported(isa) ? isa : throw new ArgumentException($"this machine lacks {name}; it has: {usable}");
    }
}
