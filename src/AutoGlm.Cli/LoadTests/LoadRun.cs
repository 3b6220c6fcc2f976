using System.Diagnostics;

namespace AutoGlm.Cli.LoadTests;

/// <summary>Puts sessions to a server: each begins at its time, its turns follow one another, and a user's sessions too.</summary>
/// <param name="client">The server.</param>
/// <param name="options">How.</param>
/// <param name="progress">Told the fraction done.</param>
internal sealed class LoadRun(CompletionClient client, LoadOptions options, IProgress<double> progress)
{
    private readonly Stopwatch _clock = new();
    private readonly List<RequestOutcome> _outcomes = [];
    private int _turns, _done;

    /// <summary>Asks everything; a session ends at its first failure.</summary>
    /// <param name="users">Each user's sessions. Without a duration only the first of each is held.</param>
    /// <param name="cancellation">Ends the run.</param>
    /// <returns>The outcome of every turn asked, and the time of all.</returns>
    public async Task<(IReadOnlyList<RequestOutcome> Outcomes, TimeSpan Time)> RunAsync(IReadOnlyList<IEnumerable<LoadSession>> users, CancellationToken cancellation)
    {
        _turns = options.Duration is null ? users.Sum(sessions => sessions.First().Turns.Count) : 0;
        using SemaphoreSlim slots = new(options.Concurrency);
        _clock.Start();
        await Task.WhenAll(users.Select((sessions, user) => HoldAllAsync(sessions, new Random(unchecked(options.Seed * 1_000_003 + user)), slots, cancellation)));
        return (_outcomes, _clock.Elapsed);
    }

    private async Task HoldAllAsync(IEnumerable<LoadSession> sessions, Random random, SemaphoreSlim slots, CancellationToken cancellation)
    {
        foreach (LoadSession session in sessions)
        {
            if (session.Start > _clock.Elapsed) await Task.Delay(session.Start - _clock.Elapsed, cancellation);
            await HoldAsync(session, random, slots, cancellation);
            if (options.Duration is not { } duration || _clock.Elapsed >= duration) return;
        }
    }

    private async Task HoldAsync(LoadSession session, Random random, SemaphoreSlim slots, CancellationToken cancellation)
    {
        List<(string Role, string Text)> messages = session.System is { } system ? [("system", system)] : [];
        foreach (LoadTurn turn in session.Turns)
        {
            messages.Add(("user", turn.Text));
            RequestOutcome outcome = await AskAsync(messages, turn, DropPoint(random, turn), slots, cancellation);
            Note(outcome);
            if (outcome.Error is not null) return;
            // Whoever stops an answer goes on from what there is of it; of nothing, as if it had not been asked.
            if (outcome.Text.Length > 0) messages.Add(("assistant", outcome.Text));
            else messages.RemoveAt(messages.Count - 1);
        }
    }

    private async Task<RequestOutcome> AskAsync(List<(string Role, string Text)> messages, LoadTurn turn, int? dropAt, SemaphoreSlim slots, CancellationToken cancellation)
    {
        await slots.WaitAsync(cancellation);
        try
        {
            return await client.AskAsync(messages, turn.OutputTokens, dropAt, _clock, cancellation);
        }
        finally
        {
            slots.Release();
        }
    }

    /// <summary>After how many pieces the client drops this answer, if it does; the same for the same seed, whatever the server does.</summary>
    private int? DropPoint(Random random, LoadTurn turn)
    {
        bool drops = random.NextDouble() < options.CancelShare;
        int point = random.Next(turn.OutputTokens);
        return drops ? point : null;
    }

    private void Note(RequestOutcome outcome)
    {
        lock (_outcomes) _outcomes.Add(outcome);
        progress.Report(options.Duration is { } duration ? Math.Min(1, _clock.Elapsed / duration) : (double)Interlocked.Increment(ref _done) / _turns);
    }
}
