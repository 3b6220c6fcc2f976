namespace AutoGlm.Cli.LoadTests;

/// <summary>What one user asks of a server: turns one after the other, each after the answer to the one before.</summary>
/// <param name="Start">When its first turn comes, from the run's start.</param>
/// <param name="System">The conversation's system prompt; null for none.</param>
/// <param name="Turns">At least one.</param>
internal sealed record LoadSession(TimeSpan Start, string? System, IReadOnlyList<LoadTurn> Turns);

/// <summary>One request of a session.</summary>
/// <param name="Write">What the user says, made when it is needed: a trace holds gigabytes.</param>
/// <param name="OutputTokens">Tokens to generate.</param>
internal sealed record LoadTurn(Func<string> Write, int OutputTokens)
{
    /// <summary>What the user says, made anew at each call.</summary>
    public string Text => Write();
}
