namespace AutoGlm.Cuda.Tuning;

/// <summary>A field of <see cref="CardTuning"/> that a file may set.</summary>
/// <param name="Name">Its name there.</param>
/// <param name="Least">The least it may be.</param>
/// <param name="Most">The most it may be.</param>
/// <param name="Kind">What else it must be.</param>
/// <param name="Set">A row with the field set.</param>
internal sealed record CardTuningField(string Name, int Least, int Most, CardTuningKind Kind, Func<CardTuning, int, CardTuning> Set)
{
    /// <summary>What the field may be, in an error's words.</summary>
    public string Range => Kind switch
    {
        CardTuningKind.PowerOfTwo => $"a power of two from {Least} to {Most}",
        CardTuningKind.Warps => $"a multiple of 32 from {Least} to {Most}",
        _ => $"a whole number from {Least} to {Most}",
    };

    public bool Allows(int value) => value >= Least && value <= Most && Kind switch
    {
        CardTuningKind.PowerOfTwo => int.IsPow2(value),
        CardTuningKind.Warps => value % 32 == 0,
        _ => true,
    };
}
