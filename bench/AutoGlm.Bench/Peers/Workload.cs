namespace AutoGlm.Bench.Peers;

/// <summary>What is timed.</summary>
/// <param name="PromptTokens">Tokens of a prompt; 0 where generation is timed.</param>
/// <param name="GeneratedTokens">Tokens that each sequence generates; 0 where a prompt is timed.</param>
/// <param name="Sequences">Sequences that generate together.</param>
internal sealed record Workload(int PromptTokens, int GeneratedTokens, int Sequences)
{
    public bool IsPrompt => PromptTokens > 0;

    public string Name => IsPrompt ? $"prompt {PromptTokens}" : Sequences == 1 ? $"generation {GeneratedTokens}" : $"generation {GeneratedTokens} × {Sequences}";
}
