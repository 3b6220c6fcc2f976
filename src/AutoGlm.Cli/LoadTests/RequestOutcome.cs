namespace AutoGlm.Cli.LoadTests;

/// <summary>How one request went.</summary>
internal sealed record RequestOutcome
{
    /// <summary>When it was sent, from the run's start.</summary>
    public required TimeSpan Sent { get; init; }

    /// <summary>Until its answer had ended.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Until the first piece of its answer came.</summary>
    public TimeSpan FirstToken { get; init; }

    public int PromptTokens { get; init; }

    /// <summary>Tokens of the prompt that the server did not compute again.</summary>
    public int CachedTokens { get; init; }

    public int Tokens { get; init; }

    public string Text { get; init; } = "";

    /// <summary>True where the client went away before its end.</summary>
    public bool IsDropped { get; init; }

    /// <summary>What went wrong; null where nothing did.</summary>
    public string? Error { get; init; }

    /// <summary>True where the whole answer came.</summary>
    public bool IsAnswered => Error is null && !IsDropped;

    /// <summary>Time of each token after the first; zero where there was one alone.</summary>
    public TimeSpan PerToken => Tokens > 1 ? (Duration - FirstToken) / (Tokens - 1) : TimeSpan.Zero;
}
