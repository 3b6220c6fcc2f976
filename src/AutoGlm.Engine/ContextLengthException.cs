namespace AutoGlm.Engine;

/// <summary>A request that cannot fit the context, refused before any work on it.</summary>
public sealed class ContextLengthException(int promptTokens, int? maxTokens, int context) : Exception(Describe(promptTokens, maxTokens, context))
{
    public int PromptTokens { get; } = promptTokens;

    /// <summary>Most tokens the request wanted; null where it left that open.</summary>
    public int? MaxTokens { get; } = maxTokens;

    public int Context { get; } = context;

    private static string Describe(int promptTokens, int? maxTokens, int context) => maxTokens is { } most && promptTokens < context
        ? $"The prompt has {promptTokens:N0} tokens and the answer may have {most:N0}: {promptTokens + (long)most:N0} in all, over the context of {context:N0}. Shorten the prompt, ask for at most {context - promptTokens:N0} tokens, or load the model with a longer context."
        : $"The prompt has {promptTokens:N0} tokens, which leaves no room for an answer in the context of {context:N0}. Shorten it, or load the model with a longer context.";
}
