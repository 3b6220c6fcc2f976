namespace AutoGlm.Cli.LoadTests;

/// <summary>How fast an answer must be to count as good.</summary>
/// <param name="FirstToken">Longest time to its first token.</param>
/// <param name="PerToken">Longest time of each further token, on average over the answer.</param>
internal sealed record ServiceObjective(TimeSpan FirstToken, TimeSpan PerToken)
{
    public bool Holds(RequestOutcome outcome) => outcome.IsAnswered && outcome.FirstToken <= FirstToken && outcome.PerToken <= PerToken;
}
