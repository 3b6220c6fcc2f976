using System.CommandLine;

namespace AutoGlm.Cli.Options;

/// <summary>Options of commands that generate text.</summary>
internal static class GenerationOptions
{
    public static Option<int?> MaxTokens() => new Option<int?>("--tokens", "-n")
    {
        Description = "Most tokens to generate. Without it, as many as the context leaves.",
        HelpName = "N",
    }.Between(1, 1 << 24);

    public static Option<string?> System() => new("--system")
    {
        Description = "A system message before the conversation.",
        HelpName = "TEXT",
    };

    public static Option<string[]> Stop() => new("--stop")
    {
        Description = "A text that ends the answer; may be given several times.",
        HelpName = "TEXT",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };
}
