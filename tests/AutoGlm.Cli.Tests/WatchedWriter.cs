namespace AutoGlm.Cli.Tests;

/// <summary>Output in which somebody waits for a word.</summary>
internal sealed class WatchedWriter(string word) : StringWriter
{
    public ManualResetEventSlim Seen { get; } = new();

    public override void Write(string? value)
    {
        base.Write(value);
        if (value?.Contains(word, StringComparison.Ordinal) == true) Seen.Set();
    }

    protected override void Dispose(bool disposing)
    {
        Seen.Dispose();
        base.Dispose(disposing);
    }
}
