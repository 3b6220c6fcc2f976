namespace AutoGlm.Cuda.Tuning;

/// <summary>What numbers a field takes of its range.</summary>
internal enum CardTuningKind
{
    Any,
    PowerOfTwo,

    /// <summary>Threads of whole warps.</summary>
    Warps,
}
