using System.Diagnostics;
using System.Globalization;

namespace AutoGlm.Cli.LoadTests;

/// <summary>An <c>autoglm serve</c> of its own for one measurement.</summary>
internal sealed class ServerProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private readonly Process _process;

    private ServerProcess(Process process, Uri address)
    {
        _process = process;
        Address = address;
    }

    public Uri Address { get; }

    public int Id => _process.Id;

    /// <summary>Starts one on a free port, and waits until it is ready.</summary>
    /// <exception cref="CommandFailure">It ended, with what it said last.</exception>
    public static async Task<ServerProcess> StartAsync(IEnumerable<string> arguments, CancellationToken cancellation)
    {
        int port = FreePort();
        ProcessStartInfo start = OwnProcess.WithArguments(["serve", "--port", port.ToString(CultureInfo.InvariantCulture), .. arguments]);
        Process process = Process.Start(start)!;
        string last = "";
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) => last = string.IsNullOrWhiteSpace(line.Data) ? last : line.Data;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        ServerProcess server = new(process, new Uri($"http://127.0.0.1:{port}/"));
        try
        {
            await server.WaitUntilReadyAsync(() => last, cancellation);
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

    private async Task WaitUntilReadyAsync(Func<string> lastLine, CancellationToken cancellation)
    {
        using HttpClient http = new() { Timeout = TimeSpan.FromSeconds(5) };
        Stopwatch waited = Stopwatch.StartNew();
        while (waited.Elapsed < Patience)
        {
            if (_process.HasExited) throw new CommandFailure($"the server ended: {lastLine()}");
            try
            {
                using HttpResponseMessage response = await http.GetAsync(new Uri(Address, "ready"), cancellation);
                if (response.IsSuccessStatusCode) return;
            }
            catch (Exception error) when (error is HttpRequestException || (error is TaskCanceledException && !cancellation.IsCancellationRequested))
            {
                // It does not listen yet.
            }

            await Task.Delay(50, cancellation);
        }

        throw new CommandFailure($"the server was not ready after {Patience.TotalMinutes} minutes: {lastLine()}");
    }

    private static int FreePort()
    {
        using System.Net.Sockets.TcpListener listener = new(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }
}
