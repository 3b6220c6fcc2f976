using System.Runtime.CompilerServices;
using AutoGlm.Engine.Tools;
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
    /// <exception cref="NotSupportedException">A message holds something other than text, function calls and results, or a tool is no function.</exception>
    /// <exception cref="Constraints.GrammarException">The response format's schema goes beyond what is supported.</exception>
    /// <exception cref="ContextLengthException">The conversation does not fit the context.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string id = Guid.NewGuid().ToString("N");
        PreparedChat chat = engine.PrepareChat(ChatMessages.ToInput(messages, options));
        ChatUpdates updates = new(chat.CreateParser());
        GenerationRequest request = chat.ToRequest() with
        {
            MaxTokens = options?.MaxOutputTokens,
            StopTexts = [.. options?.StopSequences ?? []],
            Sampling = ChatMessages.ToSampling(engine.DefaultSampling, options),
        };
        await foreach (GenerationChunk chunk in engine.GenerateAsync(request, cancellationToken).ConfigureAwait(false))
        {
            yield return new ChatResponseUpdate(ChatRole.Assistant, updates.Read(chunk))
            {
                ResponseId = id,
                MessageId = id,
                ModelId = engine.Model.Name,
                CreatedAt = DateTimeOffset.UtcNow,
                FinishReason = chunk.FinishReason switch
                {
                    null => null,
                    FinishReason.Stop when updates.HasCalls => ChatFinishReason.ToolCalls,
                    FinishReason.Stop => ChatFinishReason.Stop,
                    _ => ChatFinishReason.Length,
                },
                RawRepresentation = chunk,
            };
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
}
