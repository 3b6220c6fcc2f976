using AutoGlm.Engine.Scheduling;
using AutoGlm.KvCache.Warmup;

namespace AutoGlm.Engine.Warmup;

/// <summary>
/// Writes down what is hot: when asked to, and from time to time while there is something new, so that a process that is killed
/// loses no more than the last moments. The next run finds it.
/// </summary>
internal sealed class HotStateKeeper : IAsyncDisposable
{
    private readonly HotState _state;
    private readonly EngineCounters _counters;
    private readonly Func<Func<List<HotPrefix>>, Task<List<HotPrefix>>> _ask;
    private readonly SemaphoreSlim _saving = new(1);
    private readonly ITimer? _timer;
    private IReadOnlyList<HotPrefix>? _before;
    private long _savedAt;

    /// <param name="state">Where it goes.</param>
    /// <param name="options">How often.</param>
    /// <param name="counters">Tell whether there is something new.</param>
    /// <param name="ask">Asks something on the step loop's thread.</param>
    public HotStateKeeper(HotState state, EngineOptions options, EngineCounters counters, Func<Func<List<HotPrefix>>, Task<List<HotPrefix>>> ask)
    {
        (_state, _counters, _ask) = (state, counters, ask);
        if (state.Path is not null) _timer = options.Time.CreateTimer(_ => _ = SaveWhatIsNewAsync(), null, options.StateInterval, options.StateInterval);
    }

    /// <summary>What earlier runs kept; it stays, fading, in what this one keeps.</summary>
    /// <param name="problems">Told why it cannot be read.</param>
    public IReadOnlyList<HotPrefix> Load(List<string> problems) => _before = _state.Load(problems);

    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public async Task SaveAsync()
    {
        if (_state.Path is null) return;
        await _saving.WaitAsync().ConfigureAwait(false);
        try
        {
            long steps = Volatile.Read(ref _counters.Steps);
            List<HotPrefix> now = await _ask(_state.Find).ConfigureAwait(false);
            // Whoever never warmed up must not forget what earlier runs knew.
            _state.Save(now, _before ??= _state.Load([]));
            _savedAt = steps;
        }
        finally
        {
            _saving.Release();
        }
    }

    /// <summary>Stops the timer, and waits for what is being written.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_timer is not null) await _timer.DisposeAsync().ConfigureAwait(false);
        await _saving.WaitAsync().ConfigureAwait(false);
        _saving.Release();
    }

    private async Task SaveWhatIsNewAsync()
    {
        if (Volatile.Read(ref _counters.Steps) == Volatile.Read(ref _savedAt)) return;
        try
        {
            await SaveAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            // A full disk must not end answers: the next time may be better, and shutting down tells. An engine that ended has nothing new.
        }
    }
}
