namespace AutoGlm.Server.Protocol;

/// <summary>Tokens of a request.</summary>
/// <param name="PromptTokens">Of the prompt; of each prompt once, however many answers it has.</param>
/// <param name="CompletionTokens">Of all answers.</param>
/// <param name="TotalTokens">Both.</param>
/// <param name="PromptTokensDetails">Of which.</param>
/// <param name="CompletionTokensDetails">Of which.</param>
public sealed record Usage(int PromptTokens, int CompletionTokens, int TotalTokens, PromptTokensDetails PromptTokensDetails, CompletionTokensDetails CompletionTokensDetails);

/// <param name="CachedTokens">Prompt tokens whose keys and values were in the cache, so that they were not computed again.</param>
public sealed record PromptTokensDetails(int CachedTokens);

/// <param name="ReasoningTokens">Tokens up to the end of the model's thoughts.</param>
public sealed record CompletionTokensDetails(int ReasoningTokens);
