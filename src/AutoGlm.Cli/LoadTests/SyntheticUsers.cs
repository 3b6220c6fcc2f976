namespace AutoGlm.Cli.LoadTests;

/// <summary>Users of one application: they share its system prompt, and each holds conversations of several turns.</summary>
/// <param name="Users">Users, all from the start.</param>
/// <param name="Turns">Turns of each conversation.</param>
/// <param name="SystemTokens">Length of the shared system prompt, about.</param>
/// <param name="TurnTokens">Length of what a user says, about.</param>
/// <param name="OutputTokens">Length of an answer.</param>
internal sealed record SyntheticUsers(int Users, int Turns, int SystemTokens, int TurnTokens, int OutputTokens)
{
    /// <summary>One conversation of each user.</summary>
    public IReadOnlyList<LoadSession> Sessions(int seed) => [.. Conversations(seed).Select(conversations => conversations.First())];

    /// <summary>Each user's conversations, of which there is always one more.</summary>
    public IReadOnlyList<IEnumerable<LoadSession>> Conversations(int seed)
    {
        string? system = SystemTokens == 0 ? null : WordText.Create(SystemTokens, seed);
        return [.. Enumerable.Range(0, Users).Select(user => Conversations(system, seed, user))];
    }

    private IEnumerable<LoadSession> Conversations(string? system, int seed, int user)
    {
        for (int first = 0; ; first += Turns)
        {
            yield return new LoadSession(
                TimeSpan.Zero,
                system,
                [.. Enumerable.Range(first, Turns).Select(turn => new LoadTurn(() => WordText.Create(TurnTokens, HashCode(seed, user, turn)), OutputTokens))]);
        }
    }

    /// <summary>The same in every process, unlike <see cref="System.HashCode"/>.</summary>
    private static int HashCode(int seed, int user, int turn) => unchecked(((seed * 31) + user) * 1_000_003 + turn + 1);
}
