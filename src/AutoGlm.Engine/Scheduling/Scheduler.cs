using AutoGlm.Engine.Constraints;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Engine.Scheduling;

/// <summary>
/// Continuous batching: each step computes one row of every running answer, and with what is left of the token budget the next
/// chunks of prompts. Sequences come in as blocks allow; when blocks run out the last in order gives its own back and waits.
/// Used by the step loop's thread alone.
/// </summary>
internal sealed class Scheduler(ModelRuntime runtime, EngineCounters counters, AdmissionRate rate)
{
    private readonly OrderedSequences _waiting = new();
    private readonly OrderedSequences _running = new();
    private readonly List<(Sequence Sequence, int Tokens)> _inBatch = [];
    private readonly Dictionary<RequestIdentity, Sequence> _shared = [];
    private readonly List<Action> _whenIdle = [];
    private readonly ForwardBatch _batch = new();
    private float[] _logits = [];
    private Exception? _ended;

    public bool IsIdle => _waiting.Count == 0 && _running.Count == 0;

    /// <summary>Takes a request: as one more caller of an answer that is on its way, where that is certain to be the same.</summary>
    public void Submit(Sequence sequence)
    {
        if (_ended is not null)
        {
            Leave(sequence, () => sequence.Fail(_ended), ref counters.Failed);
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
        DropLeavers(_running);
        DropLeavers(_waiting);
        Admit();
        BuildBatch();
        counters.Running = _running.Count;
        counters.Waiting = _waiting.Count;
        if (_inBatch.Count == 0) return false;
        int vocabulary = runtime.Vocabulary;
        int needed = _batch.LogitRows.Length * vocabulary;
        if (_logits.Length < needed) _logits = new float[needed];
        runtime.Run(_batch, _logits.AsSpan(0, needed));
        counters.Steps++;
        counters.BatchSequences = _inBatch.Count;
        counters.BatchTokens = _batch.RowCount;
        counters.ComputedTokens += _batch.RowCount;
        AcceptTokens(vocabulary);
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
        return Timeout.InfiniteTimeSpan;
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
            for (int i = 0; i < sequences.Count; i++)
            {
                Sequence sequence = sequences[i];
                Leave(sequence, () => sequence.Fail(error), ref counters.Failed);
            }

            sequences.Clear();
        }

        counters.Running = counters.Waiting = 0;
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
        Interlocked.Decrement(ref counters.Queued);
        counters.SharedAnswers++;
    }

    /// <summary>Lets go of callers who went away or whose deadline has passed, and of answers that nobody wants any more.</summary>
    private void DropLeavers(OrderedSequences sequences)
    {
        long now = runtime.Options.Time.GetTimestamp();
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
        if (reason == FinishReason.Deadline) counters.Overdue++;
        else counters.Cancelled++;
    }

    /// <summary>Ends a sequence in a way of its own.</summary>
    private void Leave(Sequence sequence, Action end, ref long counter)
    {
        counter += sequence.Streams.Count;
        end();
        Forget(sequence);
    }

    private void Forget(Sequence sequence)
    {
        if (sequence.Identity is { } identity && _shared.TryGetValue(identity, out Sequence? known) && known == sequence) _shared.Remove(identity);
        LeaveQueue(sequence);
    }

    private void LeaveQueue(Sequence sequence)
    {
        if (sequence.LeaveQueue()) Interlocked.Decrement(ref counters.Queued);
    }

    /// <summary>Lets the waiting in, in their order, while there is a block for each.</summary>
    private void Admit()
    {
        while (_waiting.Count > 0 && _running.Count < runtime.Options.MaxSequences && runtime.Pool.AvailableCount > 0)
        {
            Sequence first = _waiting[0];
            _waiting.RemoveAt(0);
            bool began = first.HasStarted;
            first.Start(runtime.CreateSequence(first.Request.Tenant));
            if (!began) NoteStart(first);
            _running.Add(first);
        }
    }

    private void NoteStart(Sequence sequence)
    {
        LeaveQueue(sequence);
        rate.Note();
        counters.PromptTokens += sequence.Request.Prompt.Count;
        counters.ReusedTokens += sequence.Kv!.Length;
        counters.LongestWaitTicks = Math.Max(counters.LongestWaitTicks, sequence.QueueTime.Ticks);
    }

    private void BuildBatch()
    {
        _batch.Clear();
        _inBatch.Clear();
        int budget = runtime.Options.BatchTokens;

        // Answers first: a prompt's chunk never makes them wait.
        for (int i = 0; i < _running.Count && budget > 0; i++)
        {
            if (_running[i].Pending.Length == 1) budget -= AddRows(ref i, 1);
        }

        if (_inBatch.Count > 0) budget = Math.Min(budget, runtime.Options.MixedPromptTokens);
        for (int i = 0; i < _running.Count && budget > 0; i++)
        {
            if (_running[i].Pending.Length > 1) budget -= AddRows(ref i, Math.Min(budget, _running[i].Pending.Length));
        }
    }

    /// <summary>Adds a sequence's next rows, taking blocks from later sequences if need be; the index follows the removals.</summary>
    private int AddRows(ref int index, int count)
    {
        Sequence sequence = _running[index];
        if (IsInBatch(sequence)) return 0;
        while (!sequence.Kv!.TryReserve(count))
        {
            int victim = _running.Count - 1;
            while (victim > index && IsInBatch(_running[victim])) victim--;
            Preempt(victim);
            if (victim > index) continue;
            // Everyone after it is in this step: it waits itself.
            index--;
            return 0;
        }

        ReadOnlySpan<int> pending = sequence.Pending;
        LogitRows wanted = count == pending.Length ? LogitRows.Last : LogitRows.None;
        _batch.Add(pending[..count], sequence.Kv.Length, sequence.Kv.BlockTable, runtime.Pool.BlockTokens, wanted);
        _inBatch.Add((sequence, count));
        return count;
    }

    private bool IsInBatch(Sequence sequence)
    {
        foreach ((Sequence other, _) in _inBatch)
        {
            if (other == sequence) return true;
        }

        return false;
    }

    private void Preempt(int index)
    {
        Sequence sequence = _running[index];
        _running.RemoveAt(index);
        sequence.Preempt();
        _waiting.Add(sequence);
        counters.Preemptions++;
    }

    private void AcceptTokens(int vocabulary)
    {
        int logitRow = 0;
        foreach ((Sequence sequence, int count) in _inBatch)
        {
            bool wantsLogits = count == sequence.Pending.Length;
            sequence.Kv!.Commit(sequence.Pending[..count]);
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
            bool ended = sequence.Accept(logits);
            counters.GeneratedTokens++;
            if (ended) counters.Finished += sequence.Streams.Count;
            return ended;
        }
        catch (Exception error) when (error is InvalidOperationException or GrammarException)
        {
            counters.Failed += sequence.Streams.Count;
            sequence.Fail(error);
            return true;
        }
    }
}
