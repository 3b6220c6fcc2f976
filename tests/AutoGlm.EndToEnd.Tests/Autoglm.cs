namespace AutoGlm.EndToEnd.Tests;

/// <summary>The autoglm command as a process of its own.</summary>
internal static class Autoglm
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Runs it in a folder, with so much on its standard input, and perhaps a variable of the environment set.</summary>
    public static Task<(int ExitCode, string Output, string Error)> RunAsync(IEnumerable<string> arguments, string folder, string input = "", (string Name, string Value)? variable = null) =>
        ChildProcess.RunAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "autoglm.dll"), .. arguments], folder, Patience, input, variable);
}
