using AutoGlm.Engine.Constraints;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Engine.Scheduling;

/// <summary>
/// Continuous batching: each step computes one row of every running answer, and with what is left of the token budget the next
/// chunks of prompts. Sequences come in as blocks allow; when blocks run out the youngest gives its own back and waits.
/// Used by the step loop's thread alone.
/// </summary>
internal sealed class Scheduler(ModelRuntime runtime)
{
    private readonly LinkedList<Sequence> _waiting = [];
    private readonly List<Sequence> _running = [];
    private readonly List<(Sequence Sequence, int Tokens)> _inBatch = [];
    private readonly ForwardBatch _batch = new();
    private float[] _logits = [];

    public bool IsIdle => _waiting.Count == 0 && _running.Count == 0;

    public void Enqueue(Sequence sequence) => _waiting.AddLast(sequence);

    /// <summary>Computes one step; false where there was nothing to do.</summary>
    public bool Step()
    {
        DropCancelled();
        Admit();
        BuildBatch();
        if (_inBatch.Count == 0) return false;
        int vocabulary = runtime.Vocabulary;
        int needed = _batch.LogitRows.Length * vocabulary;
        if (_logits.Length < needed) _logits = new float[needed];
        runtime.Run(_batch, _logits.AsSpan(0, needed));
        AcceptTokens(vocabulary);
        return true;
    }

    /// <summary>Ends everything.</summary>
    public void FailAll(Exception error)
    {
        foreach (Sequence sequence in _running) sequence.Fail(error);
        foreach (Sequence sequence in _waiting) sequence.Fail(error);
        _running.Clear();
        _waiting.Clear();
    }

    private void DropCancelled()
    {
        bool Drop(Sequence sequence)
        {
            if (sequence.IsCancelled) sequence.Fail(new OperationCanceledException());
            return sequence.IsCancelled;
        }

        _running.RemoveAll(Drop);
        for (LinkedListNode<Sequence>? node = _waiting.First; node is not null;)
        {
            LinkedListNode<Sequence>? next = node.Next;
            if (Drop(node.Value)) _waiting.Remove(node);
            node = next;
        }
    }

    /// <summary>Lets the waiting in, in their order, while there is a block for each.</summary>
    private void Admit()
    {
        while (_waiting.First is { } first && _running.Count < runtime.Options.MaxSequences)
        {
            if (runtime.Pool.AvailableCount == 0) return;
            _waiting.RemoveFirst();
            first.Value.Start(runtime.CreateSequence());
            _running.Add(first.Value);
        }
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

        for (int i = 0; i < _running.Count && budget > 0; i++)
        {
            if (_running[i].Pending.Length > 1) budget -= AddRows(ref i, Math.Min(budget, _running[i].Pending.Length));
        }
    }

    /// <summary>Adds a sequence's next rows, taking blocks from younger sequences if need be; the index follows the removals.</summary>
    private int AddRows(ref int index, int count)
    {
        Sequence sequence = _running[index];
        if (_inBatch.Any(entry => entry.Sequence == sequence)) return 0;
        while (!sequence.Kv!.TryReserve(count))
        {
            int victim = _running.FindLastIndex(other => other != sequence && _inBatch.All(entry => entry.Sequence != other));
            if (victim < index)
            {
                // Everyone older is in this step: it waits itself.
                Preempt(index--);
                return 0;
            }

            Preempt(victim);
        }

        ReadOnlySpan<int> pending = sequence.Pending;
        LogitRows wanted = count == pending.Length ? LogitRows.Last : LogitRows.None;
        _batch.Add(pending[..count], sequence.Kv.Length, sequence.Kv.BlockTable, runtime.Pool.BlockTokens, wanted);
        _inBatch.Add((sequence, count));
        return count;
    }

    private void Preempt(int index)
    {
        _running[index].Preempt();
        _waiting.AddFirst(_running[index]);
        _running.RemoveAt(index);
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
            if (TryAccept(sequence, logits)) _running.Remove(sequence);
        }
    }

    /// <summary>What goes wrong in one answer's sampling ends that answer alone.</summary>
    private static bool TryAccept(Sequence sequence, Span<float> logits)
    {
        try
        {
            return sequence.Accept(logits);
        }
        catch (Exception error) when (error is InvalidOperationException or GrammarException)
        {
            sequence.Fail(error);
            return true;
        }
    }
}
