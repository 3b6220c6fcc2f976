using AutoGlm.Engine;

namespace AutoGlm.Cli.Generation;

/// <summary>An answer that has ended, or was ended.</summary>
/// <param name="Text">Its text.</param>
/// <param name="Chunks">Its pieces.</param>
/// <param name="FinishReason">Why it ended; null where it was interrupted.</param>
/// <param name="Statistics">What it took; where it was interrupted, as seen from outside.</param>
internal sealed record Answer(string Text, IReadOnlyList<GenerationChunk> Chunks, FinishReason? FinishReason, GenerationStatistics Statistics)
{
    public bool WasInterrupted => FinishReason is null;

    public IEnumerable<int> Tokens => Chunks.Where(chunk => chunk.Token is not null).Select(chunk => chunk.Token!.Value);

    /// <summary>As JSON has it: stop, length or interrupted.</summary>
    public string FinishName => FinishReason?.ToString().ToLowerInvariant() ?? "interrupted";
}
