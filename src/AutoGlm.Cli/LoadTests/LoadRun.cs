using System.Diagnostics;

namespace AutoGlm.Cli.LoadTests;

/// <summary>Puts sessions to a server: each begins at its time, and its turns follow one another.</summary>
internal static class LoadRun
{
    /// <param name="client">The server.</param>
    /// <param name="sessions">What to ask.</param>
    /// <param name="concurrency">Most requests at once; more wait, and their time counts from when they are sent.</param>
    /// <param name="progress">Told the fraction of turns done.</param>
    /// <param name="cancellation">Ends the run.</param>
    /// <returns>The outcome of every turn asked, and the time of all; a session ends at its first failure.</returns>
    public static async Task<(IReadOnlyList<RequestOutcome> Outcomes, TimeSpan Time)> RunAsync(
        CompletionClient client, IReadOnlyList<LoadSession> sessions, int concurrency, IProgress<double> progress, CancellationToken cancellation)
    {
        Stopwatch clock = Stopwatch.StartNew();
        using SemaphoreSlim slots = new(concurrency);
        int turns = sessions.Sum(session => session.Turns.Count), done = 0;
        List<RequestOutcome> outcomes = [];
        await Task.WhenAll(sessions.Select(async session =>
        {
            if (session.Start > clock.Elapsed) await Task.Delay(session.Start - clock.Elapsed, cancellation);
            List<(string Role, string Text)> messages = session.System is { } system ? [("system", system)] : [];
            foreach (LoadTurn turn in session.Turns)
            {
                messages.Add(("user", turn.Text));
                await slots.WaitAsync(cancellation);
                RequestOutcome outcome;
                try
                {
                    outcome = await client.AskAsync(messages, turn.OutputTokens, clock, cancellation);
                }
                finally
                {
                    slots.Release();
                }

                lock (outcomes) outcomes.Add(outcome);
                progress.Report((double)Interlocked.Increment(ref done) / turns);
                if (outcome.Error is not null) break;
                messages.Add(("assistant", outcome.Text));
            }
        }));
        return (outcomes, clock.Elapsed);
    }
}
