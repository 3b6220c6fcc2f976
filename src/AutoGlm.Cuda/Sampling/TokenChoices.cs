using AutoGlm.Cuda.Memory;
using AutoGlm.Cuda.Modules;
using AutoGlm.Cuda.Plan;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cuda.Sampling;

/// <summary>Chooses the tokens of steps on the card, and brings them to the host: of up to two steps that are under way.</summary>
internal sealed class TokenChoices : IDisposable
{
    private const int MostSteps = 2;

    private readonly SampleLauncher _launcher;
    private readonly PinnedBuffer _tokens;
    private readonly CudaEvent[] _done = [.. Enumerable.Range(0, MostSteps).Select(_ => new CudaEvent())];
    private readonly int[] _counts = new int[MostSteps];
    private readonly Operand _logits;
    private readonly int _maxRows;
    private readonly bool _overlap;
    private SamplingRow[] _rows = [];
    private long _begun, _ended;

    /// <param name="device">The card.</param>
    /// <param name="kernels">Its kernels.</param>
    /// <param name="logits">What is chosen by.</param>
    /// <param name="maxRows">The most rows of a batch.</param>
    public TokenChoices(CudaDevice device, KernelLibrary kernels, Operand logits, int maxRows)
    {
        _launcher = new SampleLauncher(kernels);
        _tokens = new PinnedBuffer(device, (long)MostSteps * maxRows * sizeof(int));
        _logits = logits;
        _maxRows = maxRows;
        _overlap = device.ComputeCapability.Major >= 9;
    }

    /// <summary>Tokens there are to choose among.</summary>
    public int Vocabulary { get; set; }

    /// <summary>True where no further step may begin before one is ended.</summary>
    public bool IsFull => _begun - _ended == MostSteps;

    /// <summary>Rows as the kernel wants them; they hold until the next call.</summary>
    public ReadOnlySpan<SamplingRow> Convert(ReadOnlySpan<RowSampling> rows)
    {
        if (_rows.Length < rows.Length) _rows = new SamplingRow[Math.Max(rows.Length, 2 * _rows.Length)];
        for (int i = 0; i < rows.Length; i++)
        {
            RowSampling row = rows[i];
            _rows[i] = new SamplingRow { Temperature = row.Temperature, TopP = row.TopP, MinP = row.MinP, TopK = row.TopK, Seed = row.Seed, Counter = row.Counter };
        }

        return _rows.AsSpan(0, rows.Length);
    }

    /// <summary>Queues the choice where the batch wants one: the tokens go to where a step that follows reads its own.</summary>
    public void Queue(StepContext context)
    {
        if (context.Choices == 0) return;
        SampleArgs args = new() { Logits = _logits.Address, Options = context.Choices, Tokens = context.Tokens, Stride = _logits.Stride, Vocabulary = Vocabulary };
        _launcher.Launch(context.Stream, args, context.LogitRows, _overlap);
    }

    /// <summary>Queues the copy of so many tokens of the step that was queued last.</summary>
    public void Begin(StepContext context, int count)
    {
        int slot = (int)(_begun++ % MostSteps);
        _counts[slot] = count;
        context.Stream.Download(_tokens.Address + (nint)slot * _maxRows * sizeof(int), context.Tokens, count * sizeof(int));
        _done[slot].Record(context.Stream);
    }

    /// <summary>Waits for the first of the steps that were begun.</summary>
    /// <exception cref="InvalidOperationException">None was.</exception>
    public void End(Span<int> tokens)
    {
        if (_begun == _ended) throw new InvalidOperationException("No step was begun.");
        int slot = (int)(_ended % MostSteps);
        _done[slot].Synchronize();
        _tokens.Span<int>((long)slot * _maxRows * sizeof(int), _counts[slot]).CopyTo(tokens);
        _ended++;
    }

    public void Dispose()
    {
        foreach (CudaEvent done in _done) done.Dispose();
        _tokens.Dispose();
    }
}
