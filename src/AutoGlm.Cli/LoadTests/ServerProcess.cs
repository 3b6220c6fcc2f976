using System.Diagnostics;
using System.Globalization;
using AutoGlm.Cli.Commands;

namespace AutoGlm.Cli.LoadTests;

/// <summary>An <c>autoglm serve</c> of its own for one measurement.</summary>
internal sealed class ServerProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly Process _process;
    private readonly TaskCompletionSource<Uri> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string _said = "";

    private ServerProcess(Process process) => _process = process;

    public Uri Address => _ready.Task.Result;

    public int Id => _process.Id;

    /// <summary>Starts one on a free port, and waits until it is ready.</summary>
    /// <exception cref="CommandFailure">It ended, with what it said last.</exception>
    public static async Task<ServerProcess> StartAsync(IEnumerable<string> arguments, CancellationToken cancellation)
    {
        ServerProcess server = new(Process.Start(OwnProcess.WithArguments(["serve", "--port", "0", .. arguments]))!);
        try
        {
            await server.WaitUntilReadyAsync(cancellation);
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <summary>Resident bytes of a process at their peak, where the system tells.</summary>
    public static long? PeakMemory(int process)
    {
        try
        {
            string? line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? null : 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    /// <summary>Waits for the line that says where it serves: it comes when the server is ready.</summary>
    private async Task WaitUntilReadyAsync(CancellationToken cancellation)
    {
        _process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null) _ready.TrySetCanceled();
            else if (ServeCommand.AddressIn(line.Data) is { } address) _ready.TrySetResult(address.Host is "0.0.0.0" or "[::]" ? new UriBuilder(address) { Host = "127.0.0.1" }.Uri : address);
        };
        _process.ErrorDataReceived += (_, line) => _said = string.IsNullOrWhiteSpace(line.Data) ? _said : line.Data;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        try
        {
            await _ready.Task.WaitAsync(Patience, cancellation);
        }
        catch (TimeoutException)
        {
            throw new CommandFailure($"the server was not ready after {Patience.TotalMinutes} minutes: {_said}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // All of its log is read by then.
            await _process.WaitForExitAsync(cancellation);
            throw new CommandFailure($"the server ended: {_said}");
        }
    }
}
