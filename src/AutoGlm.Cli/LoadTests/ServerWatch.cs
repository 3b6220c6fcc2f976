using System.Diagnostics;
using System.Globalization;

namespace AutoGlm.Cli.LoadTests;

/// <summary>Looks at a server's process while it is under load: what it holds in memory, each second.</summary>
internal sealed class ServerWatch : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly int _process;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<(TimeSpan Time, long Bytes)> _samples = [];
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _watching;

    public ServerWatch(int process)
    {
        _process = process;
        Sample();
        _watching = WatchAsync();
    }

    /// <summary>Resident bytes a quarter of the time in, and now; null where the system does not tell.</summary>
    public async Task<(long Quarter, long End)?> EndAsync()
    {
        await DisposeAsync();
        Sample();
        if (_samples.Count == 0) return null;
        TimeSpan quarter = _clock.Elapsed / 4;
        return (_samples.MinBy(sample => (sample.Time - quarter).Duration()).Bytes, _samples[^1].Bytes);
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _watching;
    }

    /// <summary>Resident bytes of a process, where the system tells; see proc(5).</summary>
    public static long? ResidentMemory(int process)
    {
        try
        {
            return Environment.SystemPageSize * long.Parse(File.ReadAllText($"/proc/{process}/statm").Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private async Task WatchAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            await Task.Delay(Interval, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!_ending.IsCancellationRequested) Sample();
        }
    }

    private void Sample()
    {
        if (ResidentMemory(_process) is { } bytes) _samples.Add((_clock.Elapsed, bytes));
    }
}
