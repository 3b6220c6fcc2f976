using System.Diagnostics;

namespace AutoGlm.EndToEnd.Tests;

/// <summary>A program as a process of its own, from its start to its end.</summary>
internal static class ChildProcess
{
    private static readonly TimeSpan AfterDeath = TimeSpan.FromMinutes(1);

    /// <summary>Runs it in a folder, with so much on its standard input, and perhaps a variable of the environment set.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">There is no such program.</exception>
    /// <exception cref="TimeoutException">It, or what it started, did not end in time, and was killed.</exception>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(string program, IEnumerable<string> arguments, string folder, TimeSpan patience, string input = "", (string Name, string Value)? variable = null)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (variable is { } set) start.Environment[set.Name] = set.Value;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using CancellationTokenSource late = new(patience);
        try
        {
            await process.WaitForExitAsync(late.Token);
            return (process.ExitCode, await output.WaitAsync(late.Token), await error.WaitAsync(late.Token));
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            // Whoever still has its pipes may still write to its folder.
            await Task.WhenAny(Task.WhenAll(output, error), Task.Delay(AfterDeath));
            throw new TimeoutException($"{program} {string.Join(' ', start.ArgumentList)} did not end within {patience.TotalSeconds:N0} s.");
        }
    }
}
