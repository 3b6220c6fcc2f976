namespace AutoGlm.Cli;

/// <summary>A command line that asks for what cannot be, in a way the parser does not see.</summary>
internal sealed class UsageException(string message) : Exception(message);
