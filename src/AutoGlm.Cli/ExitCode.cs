namespace AutoGlm.Cli;

/// <summary>What a command tells the shell.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int Usage = 2;
}
