namespace AutoGlm.Cli.LoadTests;

/// <summary>A request as a trace has it.</summary>
/// <param name="Time">When it came, from whatever the trace counts from.</param>
/// <param name="Input">Tokens of its prompt.</param>
/// <param name="Output">Tokens of its answer.</param>
/// <param name="Blocks">What names each block of the prompt, equal for equal content; empty where the trace does not tell.</param>
internal sealed record TraceRequest(TimeSpan Time, int Input, int Output, IReadOnlyList<int> Blocks)
{
    /// <summary>
    /// Tokens of a block: traces have powers of two (Mooncake 512, others 16), of which just one fits two blocks or more; a single
    /// block is as long as the prompt.
    /// </summary>
    public int BlockTokens => Blocks.Count == 0 ? 0 : (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)((Input + Blocks.Count - 1) / Blocks.Count));
}
