using System.Runtime.CompilerServices;
using AutoGlm.Engine.Sampling;
using AutoGlm.Formats.Chat;
using Microsoft.Extensions.AI;

namespace AutoGlm.Engine;

/// <summary>An <see cref="InferenceEngine"/> as Microsoft.Extensions.AI's chat client. Any number of calls may run at once.</summary>
/// <param name="engine">The engine.</param>
/// <param name="ownsEngine">True to dispose the engine with the client.</param>
public sealed class EngineChatClient(InferenceEngine engine, bool ownsEngine = false) : IChatClient
{
    private readonly ChatClientMetadata _metadata = new("autoglm", null, engine.Model.Name);

    /// <inheritdoc/>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">A message holds something other than text, or the options ask for tools or a response format.</exception>
    /// <exception cref="ContextLengthException">The conversation does not fit the context.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string id = Guid.NewGuid().ToString("N");
        GenerationRequest request = ToRequest(messages, options);
        await foreach (GenerationChunk chunk in engine.GenerateAsync(request, cancellationToken).ConfigureAwait(false))
        {
            ChatResponseUpdate update = new(ChatRole.Assistant, chunk.Text)
            {
                ResponseId = id,
                MessageId = id,
                ModelId = engine.Model.Name,
                CreatedAt = DateTimeOffset.UtcNow,
                FinishReason = chunk.FinishReason switch
                {
                    null => null,
                    FinishReason.Stop => ChatFinishReason.Stop,
                    _ => ChatFinishReason.Length,
                },
                RawRepresentation = chunk,
            };
            if (chunk.Statistics is { } statistics) update.Contents.Add(new UsageContent(ToUsage(statistics)));
            yield return update;
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null) return null;
        if (serviceType == typeof(ChatClientMetadata)) return _metadata;
        if (serviceType.IsInstanceOfType(engine)) return engine;
        return serviceType.IsInstanceOfType(this) ? this : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (ownsEngine) engine.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private GenerationRequest ToRequest(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        if (options?.Tools is { Count: > 0 }) throw new NotSupportedException("This engine does not call tools; leave ChatOptions.Tools empty.");
        if (options?.ResponseFormat is not (null or ChatResponseFormatText)) throw new NotSupportedException("This engine does not constrain answers to a format; leave ChatOptions.ResponseFormat empty.");
        List<ChatTurn> turns = [.. messages.Select(ToTurn)];
        if (!string.IsNullOrEmpty(options?.Instructions)) turns.Insert(0, new ChatTurn("system", options.Instructions));
        return new GenerationRequest
        {
            Prompt = engine.EncodeChat(turns),
            MaxTokens = options?.MaxOutputTokens,
            StopTexts = [.. options?.StopSequences ?? []],
            Sampling = ToSampling(engine.DefaultSampling, options),
        };
    }

    private static ChatTurn ToTurn(ChatMessage message)
    {
        AIContent? other = message.Contents.FirstOrDefault(content => content is not (TextContent or UsageContent));
        if (other is not null) throw new NotSupportedException($"A message holds {other.GetType().Name}; this engine reads text.");
        return new ChatTurn(message.Role.Value, message.Text);
    }

    private static SamplingOptions ToSampling(SamplingOptions defaults, ChatOptions? options) => options is null ? defaults : defaults with
    {
        Temperature = options.Temperature ?? defaults.Temperature,
        TopP = options.TopP ?? defaults.TopP,
        TopK = options.TopK ?? defaults.TopK,
        FrequencyPenalty = options.FrequencyPenalty ?? defaults.FrequencyPenalty,
        PresencePenalty = options.PresencePenalty ?? defaults.PresencePenalty,
        Seed = options.Seed is { } seed ? unchecked((ulong)seed) : defaults.Seed,
    };

    private static UsageDetails ToUsage(GenerationStatistics statistics) => new()
    {
        InputTokenCount = statistics.PromptTokens,
        OutputTokenCount = statistics.GeneratedTokens,
        TotalTokenCount = statistics.PromptTokens + statistics.GeneratedTokens,
        CachedInputTokenCount = statistics.ReusedTokens,
    };
}
