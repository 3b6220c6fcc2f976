using AutoGlm.Graph.Execution;

namespace AutoGlm.Engine.Scheduling;

/// <summary>
/// Computes steps, and hands each sequence the token that follows: chosen by the device where it can and the request lets it,
/// else by the host from the logits. A device that chooses may be given a step more while one is under way.
/// </summary>
internal sealed class TokenChooser
{
    private readonly ModelRuntime _runtime;
    private readonly ISamplingExecutor? _device;
    private readonly int _choices;
    private RowSampling[] _rows = [];
    private int[] _tokens = [];
    private float[] _logits = [];

    public TokenChooser(ModelRuntime runtime)
    {
        _runtime = runtime;
        _device = runtime.Sampling;
        _choices = Math.Min(runtime.Vocabulary, runtime.Package.Tokenizer.VocabularySize);
    }

    /// <summary>True where a step can be begun whose tokens are not known yet.</summary>
    public bool RunsAhead => _device is not null;

    /// <summary>Begins a step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="follows">True where its rows' tokens are those that the step before is going to choose.</param>
    public void Begin(StepBatch step, bool follows)
    {
        if (_device is null) return;
        int count = step.Rows.LogitRows.Length, row = 0;
        if (_rows.Length < count) _rows = new RowSampling[2 * count];
        foreach (StepBatch.Part part in step.Parts)
        {
            if (part.WantsLogits) _rows[row++] = part.Sequence.IsChosenByDevice ? part.Sequence.NextChoice() : RowSampling.Greedy;
        }

        _device.Begin(step.Rows, _runtime.Pool.Memory, _rows.AsSpan(0, count), _choices, follows);
    }

    /// <summary>Waits for the step that was begun first.</summary>
    public void End(StepBatch step)
    {
        int count = step.Rows.LogitRows.Length;
        if (_device is not null)
        {
            if (_tokens.Length < count) _tokens = new int[2 * count];
            _device.End(_tokens.AsSpan(0, count));
            return;
        }

        Reserve(count);
        _runtime.Run(step.Rows, _logits.AsSpan(0, count * _runtime.Vocabulary));
    }

    /// <summary>Gives a sequence its token by a row of the step that ended last.</summary>
    /// <returns>True where the answer has ended.</returns>
    public bool Accept(Sequence sequence, int row)
    {
        int vocabulary = _runtime.Vocabulary;
        if (_device is null) return sequence.Accept(_logits.AsSpan(row * vocabulary, vocabulary));
        if (sequence.IsChosenByDevice) return sequence.Accept(_tokens[row]);
        Reserve(1);
        Span<float> logits = _logits.AsSpan(0, vocabulary);
        _device.ReadLogits(row, logits);
        return sequence.Accept(logits);
    }

    private void Reserve(int rows)
    {
        if (_logits.Length < rows * _runtime.Vocabulary) _logits = new float[rows * _runtime.Vocabulary];
    }
}
