using System.ComponentModel;

namespace AutoGlm.EndToEnd.Tests;

/// <summary>A folder of these tests with a check.mjs, whose packages npm installs in a copy of it.</summary>
internal sealed class NodeScript : IDisposable
{
    private static readonly TimeSpan InstallPatience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly string _folder = Directory.CreateTempSubdirectory("autoglm-node-").FullName;

    private NodeScript(string name)
    {
        foreach (string file in Directory.GetFiles(TestData.InRepository("tests", "AutoGlm.EndToEnd.Tests", name))) File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)));
    }

    /// <summary>Skips the test, saying why, where there is no Node.js, or no registry can be reached.</summary>
    public static async Task<NodeScript> InstallAsync(string name)
    {
        NodeScript script = new(name);
        string npm = OperatingSystem.IsWindows() ? "npm.cmd" : "npm";
        try
        {
            (int exitCode, string output) = await script.RunAsync(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], InstallPatience);
            Assert.SkipUnless(exitCode == 0, $"npm could not install what {name} needs: {output}");
            await script.RunAsync("node", ["--version"], InstallPatience);
            return script;
        }
        catch (Exception missing) when (missing is Win32Exception or TimeoutException)
        {
            script.Dispose();
            Assert.Skip(missing is TimeoutException ? missing.Message : "needs Node.js and npm, which are not here");
            throw;
        }
        catch
        {
            script.Dispose();
            throw;
        }
    }

    /// <summary>Runs the checks, of which each says on a line that it is ok.</summary>
    public async Task CheckAsync(int checks, params string[] arguments)
    {
        (int exitCode, string output) = await RunAsync("node", ["check.mjs", .. arguments], Patience);

        Assert.True(exitCode == 0, output);
        Assert.Equal(checks, output.Split('\n').Count(line => line.EndsWith(": ok", StringComparison.Ordinal)));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<(int ExitCode, string Output)> RunAsync(string program, string[] arguments, TimeSpan patience)
    {
        (int exitCode, string output, string error) = await ChildProcess.RunAsync(program, arguments, _folder, patience);
        return (exitCode, output + error);
    }
}
