using System.Diagnostics;

namespace AutoGlm.Cli.LoadTests;

/// <summary>This program again, as another process.</summary>
internal static class OwnProcess
{
    /// <summary>How to start it, with its output read by the caller; by dotnet where it runs so itself.</summary>
    public static ProcessStartInfo WithArguments(IEnumerable<string> arguments)
    {
        bool hosted = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";
        string[] program = hosted ? [Environment.GetCommandLineArgs()[0]] : [];
        return new ProcessStartInfo(Environment.ProcessPath!, [.. program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
    }
}
