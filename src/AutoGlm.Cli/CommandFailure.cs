namespace AutoGlm.Cli;

/// <summary>A command that cannot do what it was asked, with a message for the user.</summary>
internal sealed class CommandFailure(string message) : Exception(message);
