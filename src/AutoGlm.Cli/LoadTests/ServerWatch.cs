using System.Diagnostics;
using System.Globalization;

namespace AutoGlm.Cli.LoadTests;

/// <summary>Looks at a server's process while it is under load: what it holds in memory, each second.</summary>
internal sealed class ServerWatch : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly int _process;
    private readonly CompletionClient _client;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<(TimeSpan Time, MemorySample Memory)> _samples = [];
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _watching;

    /// <param name="process">The server's process.</param>
    /// <param name="client">Asks the server about its cache.</param>
    public ServerWatch(int process, CompletionClient client)
    {
        _process = process;
        _client = client;
        _watching = WatchAsync();
    }

    /// <summary>Memory a quarter of the time in, and now; null where the system does not tell.</summary>
    public async Task<(MemorySample Quarter, MemorySample End)?> EndAsync()
    {
        await DisposeAsync();
        await SampleAsync();
        if (_samples.Count == 0) return null;
        TimeSpan quarter = _clock.Elapsed / 4;
        return (_samples.MinBy(sample => (sample.Time - quarter).Duration()).Memory, _samples[^1].Memory);
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
            await SampleAsync();
            await Task.Delay(Interval, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task SampleAsync()
    {
        BlockAccount? account = await _client.ReadAccountAsync(CancellationToken.None);
        if (ResidentMemory(_process) is { } bytes) _samples.Add((_clock.Elapsed, new MemorySample(bytes, account?.TouchedBytes ?? 0)));
    }
}
