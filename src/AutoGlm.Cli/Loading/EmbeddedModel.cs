namespace AutoGlm.Cli.Loading;

/// <summary>The model that comes with autoglm.</summary>
internal static class EmbeddedModel
{
    public const string FileName = "autoglm-mini.gguf";

    /// <summary>Where it lies beside the program, installed as a tool or not.</summary>
    public static string Path { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "models", FileName);

    /// <summary>The path a command was given, else the embedded model's.</summary>
    /// <exception cref="CommandFailure">There is neither.</exception>
    public static string OrGiven(string? path)
    {
        if (path is not null) return path;
        if (File.Exists(Path)) return Path;
        throw new CommandFailure($"{Path}: model: the model that comes with autoglm is not beside it; name one with -m MODEL");
    }
}
