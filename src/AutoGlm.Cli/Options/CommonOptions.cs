using System.CommandLine;

namespace AutoGlm.Cli.Options;

/// <summary>Options that mean the same in every command.</summary>
internal static class CommonOptions
{
    public static Option<string?> Model() => new("--model", "-m")
    {
        Description = "The model: a .gguf file or a Hugging Face folder. Without it, the model that comes with autoglm.",
        HelpName = "MODEL",
    };

    public static Option<bool> Json() => new("--json") { Description = "Write JSON, for machines." };
}
