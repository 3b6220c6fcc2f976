namespace AutoGlm.Formats.Chat;

/// <summary>One plain message of a conversation.</summary>
/// <param name="Role">Who speaks: <c>system</c>, <c>user</c>, <c>assistant</c> or <c>tool</c> in most templates.</param>
/// <param name="Content">The text.</param>
public sealed record ChatTurn(string Role, string Content);
