using System.Diagnostics;
using AutoGlm.Engine.Constraints;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Engine.Scheduling;

/// <summary>
/// Continuous batching: each step computes one row of every running answer, and with what is left of the token budget the next
/// chunks of prompts. Sequences come in as blocks allow; when blocks run out the last in order gives its own back and waits.
/// Used by the step loop's thread alone.
/// </summary>
internal sealed class Scheduler
{
    private readonly ModelRuntime _runtime;
    private readonly EngineCounters _counters;
    private readonly AdmissionRate _rate;
    private readonly PrefixesInFlight _prefixes = new();
    private readonly Admission _admission;
    private readonly OrderedSequences _waiting = new();
    private readonly OrderedSequences _running = new();
    private readonly List<(Sequence Sequence, int Tokens)> _inBatch = [];
    private readonly Dictionary<RequestIdentity, Sequence> _shared = [];
    private readonly List<Sequence> _candidates = [];
    private readonly List<Action> _whenIdle = [];
    private readonly ForwardBatch _batch = new();
    private float[] _logits = [];
    private Exception? _ended;

    public Scheduler(ModelRuntime runtime, EngineCounters counters, AdmissionRate rate)
    {
        _runtime = runtime;
        _counters = counters;
        _rate = rate;
        _admission = new Admission(runtime, _prefixes, counters);
    }

    public bool IsIdle => _waiting.Count == 0 && _running.Count == 0;

    /// <summary>Takes a request: as one more caller of an answer that is on its way, where that is certain to be the same.</summary>
    public void Submit(Sequence sequence)
    {
        if (_ended is not null)
        {
            Fail(sequence, _ended);
            return;
        }

        if (sequence.Identity is { } identity && !_shared.TryAdd(identity, sequence))
        {
            Join(_shared[identity], sequence.Streams[0]);
            return;
        }

        _waiting.Add(sequence);
    }

    /// <summary>Computes one step; false where there was nothing to do.</summary>
    public bool Step()
    {
        long begun = Stopwatch.GetTimestamp();
        DropLeavers(_running);
        DropLeavers(_waiting);
        _runtime.Pool.Sweep();
        Admit();
        BuildBatch();
        _counters.Running = _running.Count;
        _counters.Waiting = _waiting.Count;
        if (_inBatch.Count == 0) return false;
        int vocabulary = _runtime.Vocabulary;
        int needed = _batch.LogitRows.Length * vocabulary;
        if (_logits.Length < needed) _logits = new float[needed];
        long computing = Stopwatch.GetTimestamp();
        _runtime.Run(_batch, _logits.AsSpan(0, needed));
        long computed = Stopwatch.GetTimestamp();
        _counters.Steps++;
        _counters.BatchSequences = _inBatch.Count;
        _counters.BatchTokens = _batch.RowCount;
        _counters.ComputedTokens += _batch.RowCount;
        AcceptTokens(vocabulary);
        _counters.ComputeTicks += computed - computing;
        _counters.StepTicks += Stopwatch.GetTimestamp() - begun;
        return true;
    }

    /// <summary>Does something once there is nothing left to compute: now, after a step, or at the end.</summary>
    public void WhenIdle(Action action)
    {
        if (IsIdle) action();
        else _whenIdle.Add(action);
    }

    /// <summary>What can be done in peace: called when there is nothing to compute.</summary>
    /// <returns>How long nothing need be done.</returns>
    public TimeSpan Rest()
    {
        TellIdle();
        return _runtime.Pool.Sweep();
    }

    /// <summary>Ends every answer in an orderly way.</summary>
    public void CancelAll()
    {
        foreach (OrderedSequences sequences in new[] { _running, _waiting })
        {
            for (int i = sequences.Count - 1; i >= 0; i--)
            {
                foreach (AnswerStream stream in sequences[i].Streams.ToArray()) LetGo(sequences[i], stream, FinishReason.Cancelled);
            }

            DropLeavers(sequences);
        }
    }

    /// <summary>Ends everything, and whatever may still come.</summary>
    public void FailAll(Exception error)
    {
        _ended = error;
        foreach (OrderedSequences sequences in new[] { _running, _waiting })
        {
            for (int i = 0; i < sequences.Count; i++) Fail(sequences[i], error);
            sequences.Clear();
        }

        _counters.Running = _counters.Waiting = 0;
        TellIdle();
    }

    private void TellIdle()
    {
        if (!IsIdle) return;
        foreach (Action action in _whenIdle) action();
        _whenIdle.Clear();
    }

    private void Join(Sequence answer, AnswerStream stream)
    {
        OrderedSequences place = answer.Kv is null ? _waiting : _running;
        place.Remove(answer);
        answer.Join(stream);
        place.Add(answer);
        Interlocked.Decrement(ref _counters.Queued);
        _counters.SharedAnswers++;
    }

    /// <summary>Lets go of callers who went away or whose deadline has passed, and of answers that nobody wants any more.</summary>
    private void DropLeavers(OrderedSequences sequences)
    {
        long now = _runtime.Options.Time.GetTimestamp();
        for (int i = sequences.Count - 1; i >= 0; i--)
        {
            Sequence sequence = sequences[i];
            for (int j = sequence.Streams.Count - 1; j >= 0; j--)
            {
                AnswerStream stream = sequence.Streams[j];
                if (stream.IsCancelled) LetGo(sequence, stream, null);
                else if (stream.Deadline <= now) LetGo(sequence, stream, FinishReason.Deadline);
            }

            if (sequence.Streams.Count > 0) continue;
            Forget(sequence);
            sequences.RemoveAt(i);
        }
    }

    private void LetGo(Sequence sequence, AnswerStream stream, FinishReason? reason)
    {
        sequence.Leave(stream, reason);
        if (reason == FinishReason.Deadline) _counters.Overdue++;
        else _counters.Cancelled++;
    }

    private void Fail(Sequence sequence, Exception error)
    {
        _counters.Failed += sequence.Streams.Count;
        Forget(sequence);
        sequence.Fail(error);
    }

    private void Forget(Sequence sequence)
    {
        if (sequence.Identity is { } identity && _shared.TryGetValue(identity, out Sequence? known) && known == sequence) _shared.Remove(identity);
        _prefixes.Withdraw(sequence);
        LeaveQueue(sequence);
    }

    private void LeaveQueue(Sequence sequence)
    {
        if (sequence.LeaveQueue()) Interlocked.Decrement(ref _counters.Queued);
    }

    private void Admit()
    {
        while (_waiting.Count > 0 && _running.Count < _runtime.Options.MaxSequences)
        {
            int next = _admission.Choose(_waiting, _running.Count);
            if (next < 0) return;
            Sequence sequence = _waiting[next];
            bool began = sequence.HasStarted;
            sequence.Start(_runtime.CreateSequence(sequence.Keys, sequence.Request.Cache));
            if (!sequence.Kv!.TryReserve(sequence.Pending.Length)) throw new InvalidOperationException("A sequence was let in for which there are no blocks.");
            _waiting.RemoveAt(next);
            _running.Add(sequence);
            _prefixes.Announce(sequence);
            if (!began) NoteStart(sequence);
        }
    }

    private void NoteStart(Sequence sequence)
    {
        LeaveQueue(sequence);
        _rate.Note();
        _counters.PromptTokens += sequence.Request.Prompt.Count;
        _counters.ReusedTokens += sequence.Kv!.Length;
        _counters.LongestWaitTicks = Math.Max(_counters.LongestWaitTicks, sequence.QueueTime.Ticks);
    }

    private void BuildBatch()
    {
        _batch.Clear();
        _inBatch.Clear();
        _candidates.Clear();
        int answers = ListCandidates();
        int budget = _runtime.Options.StepTokens;
        bool prompts = answers < _candidates.Count;

        // Answers first: a prompt's chunk never makes them wait. Where there are more than rows, they take turns, and leave prompts some.
        int rows = Math.Min(answers, prompts ? Math.Max(1, budget - Math.Max(1, budget / 4)) : budget);
        int turn = rows < answers ? (int)(_counters.Steps % answers) : 0;
        for (int i = 0; i < rows; i++) budget -= AddRows(_candidates[(turn + i) % answers], 1);

        if (_inBatch.Count > 0) budget = Math.Min(budget, _runtime.Options.MixedPromptTokens);
        for (int i = answers; i < _candidates.Count && budget > 0; i++) budget -= AddRows(_candidates[i], budget);
    }

    /// <summary>Lists whoever runs: first those that generate, then those whose prompt is to be computed, each in their order.</summary>
    /// <returns>How many generate.</returns>
    private int ListCandidates()
    {
        for (int i = 0; i < _running.Count; i++)
        {
            if (_running[i].Pending.Length == 1) _candidates.Add(_running[i]);
        }

        int answers = _candidates.Count;
        for (int i = 0; i < _running.Count; i++)
        {
            if (_running[i].Pending.Length > 1) _candidates.Add(_running[i]);
        }

        return answers;
    }

    /// <summary>Adds a sequence's next rows, taking blocks from later sequences if need be.</summary>
    /// <returns>Rows added; none where it has given its blocks back, or can get none while others are in this step.</returns>
    private int AddRows(Sequence sequence, int most)
    {
        if (sequence.Kv is null) return 0;
        int count = Math.Min(most, sequence.Pending.Length);
        while (!sequence.Kv.TryReserve(count))
        {
            if (!TryPreemptAfter(sequence)) return 0;
        }

        ReadOnlySpan<int> pending = sequence.Pending;
        LogitRows wanted = count == pending.Length ? LogitRows.Last : LogitRows.None;
        _batch.Add(pending[..count], sequence.Kv.Length, sequence.Kv.BlockTable, _runtime.Pool.BlockTokens, wanted);
        _inBatch.Add((sequence, count));
        sequence.Step = _counters.Steps;
        return count;
    }

    /// <summary>
    /// Makes the last in order give its blocks back; not one that is in this step, nor one before the sequence that needs them.
    /// Whoever is first always gets what it needs: so there is always progress.
    /// </summary>
    private bool TryPreemptAfter(Sequence sequence)
    {
        for (int i = _running.Count - 1; i >= 0 && _running[i] != sequence; i--)
        {
            Sequence victim = _running[i];
            if (victim.Step == _counters.Steps) continue;
            _running.RemoveAt(i);
            _prefixes.Withdraw(victim);
            victim.Preempt();
            _waiting.Add(victim);
            _counters.Preemptions++;
            return true;
        }

        return false;
    }

    private void AcceptTokens(int vocabulary)
    {
        int logitRow = 0;
        foreach ((Sequence sequence, int count) in _inBatch)
        {
            bool wantsLogits = count == sequence.Pending.Length;
            sequence.Kv!.Commit(sequence.Pending[..count]);
            _prefixes.Advance(sequence);
            if (!wantsLogits) continue;
            Span<float> logits = _logits.AsSpan(logitRow++ * vocabulary, vocabulary);
            if (!TryAccept(sequence, logits)) continue;
            _running.Remove(sequence);
            Forget(sequence);
        }
    }

    /// <summary>What goes wrong in one answer's sampling ends that answer alone.</summary>
    /// <returns>True where the answer has ended.</returns>
    private bool TryAccept(Sequence sequence, Span<float> logits)
    {
        try
        {
            int before = sequence.GeneratedCount;
            bool ended = sequence.Accept(logits);
            _counters.GeneratedTokens += sequence.GeneratedCount - before;
            if (ended) _counters.Finished += sequence.Streams.Count;
            return ended;
        }
        catch (Exception error) when (error is InvalidOperationException or GrammarException)
        {
            Fail(sequence, error);
            return true;
        }
    }
}
