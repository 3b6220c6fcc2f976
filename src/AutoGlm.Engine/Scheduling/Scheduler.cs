using System.Diagnostics;
using AutoGlm.Engine.Constraints;

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
    private readonly Dictionary<RequestIdentity, Sequence> _shared = [];
    private readonly List<Sequence> _candidates = [];
    private readonly List<Action> _whenIdle = [];
    private readonly TokenChooser _chooser;
    private StepBatch _now = new();
    private StepBatch _next = new();
    private bool _begun;
    private Exception? _ended;

    public Scheduler(ModelRuntime runtime, EngineCounters counters, AdmissionRate rate)
    {
        _runtime = runtime;
        _counters = counters;
        _rate = rate;
        _admission = new Admission(runtime, _prefixes, counters);
        _chooser = new TokenChooser(runtime);
    }

    public bool IsIdle => _waiting.Count == 0 && _running.Count == 0 && !_begun;

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

    /// <summary>
    /// Computes one step; false where there was nothing to do. Where tokens are chosen by the device, the step after is under way
    /// before these tokens are read.
    /// </summary>
    public bool Step()
    {
        long begun = Stopwatch.GetTimestamp();
        DropLeavers(_running);
        DropLeavers(_waiting);
        _runtime.Pool.Sweep();
        if (!_begun)
        {
            Admit();
            BuildBatch();
        }

        _counters.Running = _running.Count;
        _counters.Waiting = _waiting.Count;
        if (_now.Parts.Count == 0) return false;
        long computing = Stopwatch.GetTimestamp();
        if (!_begun) _chooser.Begin(_now, follows: false);
        bool ahead = TryRunAhead();
        _chooser.End(_now);
        long computed = Stopwatch.GetTimestamp();
        _counters.Steps++;
        _counters.BatchSequences = _now.Parts.Count;
        _counters.BatchTokens = _now.Rows.RowCount;
        _counters.ComputedTokens += _now.Rows.RowCount;
        AcceptTokens();
        (_now, _next, _begun) = (_next, _now, ahead);
        if (!ahead) _now.Clear();
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
        _counters.Running = _counters.Waiting = 0;
        foreach (OrderedSequences sequences in new[] { _running, _waiting })
        {
            for (int i = 0; i < sequences.Count; i++) Fail(sequences[i], error);
            sequences.Clear();
        }

        TellIdle();
    }

    private EngineCounters CountersOf(Sequence sequence) => _counters.For(sequence.Request);

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
        CountersOf(answer).SharedAnswers++;
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

            if (sequence.Streams.Count == 0) sequences.RemoveAt(i);
        }
    }

    /// <summary>Lets go of one caller, and of the answer with the last of them: counted before they hear of it.</summary>
    private void LetGo(Sequence sequence, AnswerStream stream, FinishReason? reason)
    {
        EngineCounters counters = CountersOf(sequence);
        if (reason == FinishReason.Deadline) counters.Overdue++;
        else counters.Cancelled++;
        if (sequence.Streams.Count == 1) Forget(sequence);
        sequence.Leave(stream, reason);
    }

    private void Fail(Sequence sequence, Exception error)
    {
        CountersOf(sequence).Failed += sequence.Streams.Count;
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
            sequence.Start(_runtime.CreateSequence(sequence.Keys, sequence.Request.Cache, isCounted: !sequence.Request.IsWarmUp));
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
        EngineCounters counters = CountersOf(sequence);
        counters.PromptTokens += sequence.Request.Prompt.Count;
        counters.ReusedTokens += sequence.Kv!.Length;
        counters.LongestWaitTicks = Math.Max(counters.LongestWaitTicks, sequence.QueueTime.Ticks);
    }

    private void BuildBatch()
    {
        _now.Clear();
        _candidates.Clear();
        int answers = ListCandidates();
        int budget = _runtime.Options.StepTokens;
        bool prompts = answers < _candidates.Count;

        // Answers first: a prompt's chunk never makes them wait. Where there are more than rows, they take turns, and leave prompts some.
        int rows = Math.Min(answers, prompts ? Math.Max(1, budget - Math.Max(1, budget / 4)) : budget);
        int turn = rows < answers ? (int)(_counters.Steps % answers) : 0;
        for (int i = 0; i < rows; i++) budget -= AddRows(_candidates[(turn + i) % answers], 1);

        if (_now.Parts.Count > 0) budget = Math.Min(budget, _runtime.Options.MixedPromptTokens);
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
        _now.Add(sequence, pending[..count], sequence.Kv.Length, _runtime.Pool.BlockTokens, wantsLogits: count == pending.Length);
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
            CountersOf(victim).Preemptions++;
            return true;
        }

        return false;
    }

    /// <summary>
    /// Begins the step after the one under way, where it will be the same sequences' next tokens as far as can be told. A sequence that
    /// turns out to have ended then has a row of it that nobody wants: what the row writes lies behind what the sequence has stored.
    /// </summary>
    private bool TryRunAhead()
    {
        bool alone = _waiting.Count == 0 || _running.Count >= _runtime.Options.MaxSequences;
        if (!_chooser.RunsAhead || !alone || !_now.IsOneTokenEach || _now.Parts.Count != _running.Count) return false;
        foreach (StepBatch.Part part in _now.Parts)
        {
            if (part.Sequence is not { Kv: { } kv, IsChosenByDevice: true, WantsTwoTokens: true } || !kv.TryReserve(2)) return false;
        }

        _next.Clear();
        foreach (StepBatch.Part part in _now.Parts) _next.Add(part.Sequence, [0], part.Sequence.Kv!.Length + 1, _runtime.Pool.BlockTokens, wantsLogits: true);
        _chooser.Begin(_next, follows: true);
        return true;
    }

    private void AcceptTokens()
    {
        int logitRow = 0;
        foreach (StepBatch.Part part in _now.Parts)
        {
            int row = part.WantsLogits ? logitRow++ : -1;
            Sequence sequence = part.Sequence;
            // It may have ended while the step was under way.
            if (sequence.Kv is null) continue;
            sequence.Kv.Commit(sequence.Pending[..part.Tokens]);
            _prefixes.Advance(sequence);
            if (!part.WantsLogits || !TryAccept(sequence, row)) continue;
            _running.Remove(sequence);
            _counters.Running = _running.Count;
            Forget(sequence);
            sequence.SendEnd();
        }
    }

    /// <summary>What goes wrong in one answer's sampling ends that answer alone.</summary>
    /// <returns>True where the answer has ended.</returns>
    private bool TryAccept(Sequence sequence, int row)
    {
        try
        {
            int before = sequence.GeneratedCount;
            bool ended = _chooser.Accept(sequence, row);
            CountersOf(sequence).GeneratedTokens += sequence.GeneratedCount - before;
            if (ended) CountersOf(sequence).Finished += sequence.Streams.Count;
            return ended;
        }
        catch (Exception error) when (error is InvalidOperationException or GrammarException)
        {
            Fail(sequence, error);
            return true;
        }
    }
}
