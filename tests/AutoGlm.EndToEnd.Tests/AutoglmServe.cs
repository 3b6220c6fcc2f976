using System.Collections.Concurrent;
using System.Diagnostics;

namespace AutoGlm.EndToEnd.Tests;

/// <summary><c>autoglm serve</c> as a process of its own, on a free port of loopback.</summary>
internal sealed class AutoglmServe : IDisposable
{
    private const string Address = " at http://";
    private const string Ready = "Ready after ";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _log = [];
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private AutoglmServe(Process process)
    {
        _process = process;
        Http = new HttpClient { Timeout = Patience };
    }

    /// <summary>A client with the server's address.</summary>
    public HttpClient Http { get; }

    /// <summary>What it wrote to its standard error: all of its start, and what came since as far as it is read.</summary>
    public string Log => string.Join('\n', _log);

    /// <summary>Starts one, and waits until it is ready.</summary>
    public static async Task<AutoglmServe> StartAsync(params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "autoglm.dll"), "serve", "--port", "0", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        AutoglmServe server = new(Process.Start(start)!);
        try
        {
            await server.WaitUntilReadyAsync();
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <summary>Ends it as <c>kill -9</c> does: it hears nothing of it.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        Http.Dispose();
    }

    /// <summary>Waits for its address and for the last line of its start's log, which come by two pipes in either order.</summary>
    private async Task WaitUntilReadyAsync()
    {
        _process.ErrorDataReceived += (_, line) => Note(line.Data);
        _process.BeginErrorReadLine();
        using CancellationTokenSource late = new(Patience);
        while (await _process.StandardOutput.ReadLineAsync(late.Token) is { } line)
        {
            if (line.IndexOf(Address, StringComparison.Ordinal) is not (>= 0 and var at)) continue;
            Http.BaseAddress = new Uri(line[(at + Address.Length - "http://".Length)..]);
            await _ready.Task.WaitAsync(late.Token);
            return;
        }

        throw new InvalidOperationException($"The server ended before it was ready: {Log}");
    }

    /// <param name="line">Null at the log's end.</param>
    private void Note(string? line)
    {
        if (line is null)
        {
            _ready.TrySetException(new InvalidOperationException($"The server's log ended before it said that it was ready: {Log}"));
            return;
        }

        _log.Enqueue(line);
        if (line.Contains(Ready, StringComparison.Ordinal)) _ready.TrySetResult();
    }
}
