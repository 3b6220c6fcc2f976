namespace AutoGlm.Formats.Tokenizers;

/// <summary>A token that is found in text before anything else is cut.</summary>
/// <param name="Special">Found only where special tokens are asked for.</param>
/// <param name="LeftStrip">White space before it belongs to it.</param>
/// <param name="RightStrip">White space after it belongs to it.</param>
/// <param name="SingleWord">Not found inside a word.</param>
/// <param name="Normalized">Looked for after normalisation, not before.</param>
internal sealed record AddedToken(
    int Id, string Text, bool Special, bool LeftStrip = false, bool RightStrip = false, bool SingleWord = false, bool Normalized = false);
