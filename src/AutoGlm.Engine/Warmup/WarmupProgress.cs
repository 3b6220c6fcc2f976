namespace AutoGlm.Engine.Warmup;

/// <summary>How far a warm-up is.</summary>
/// <param name="Done">Steps done.</param>
/// <param name="Total">Steps in all.</param>
/// <param name="Step">The step that was done, for people.</param>
public sealed record WarmupProgress(int Done, int Total, string Step);

/// <summary>What a warm-up did.</summary>
/// <param name="Prompts">Beginnings computed from the caller's list.</param>
/// <param name="HotPrefixes">Beginnings computed that earlier runs found hot.</param>
/// <param name="Problems">What was left out, and why; it is never a reason not to start.</param>
public sealed record WarmupResult(int Prompts, int HotPrefixes, IReadOnlyList<string> Problems);
