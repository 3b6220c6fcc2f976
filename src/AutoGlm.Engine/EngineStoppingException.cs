namespace AutoGlm.Engine;

/// <summary>The engine is shutting down: it finishes what it has and takes nothing new.</summary>
public sealed class EngineStoppingException() : InvalidOperationException("The engine is shutting down and takes no new requests; ask another one, or try again once it has started anew.");
