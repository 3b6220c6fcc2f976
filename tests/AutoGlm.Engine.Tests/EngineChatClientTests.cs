using Microsoft.Extensions.AI;

namespace AutoGlm.Engine.Tests;

public class EngineChatClientTests(EngineFixture fixture) : IClassFixture<EngineFixture>
{
    private readonly IChatClient _client = new EngineChatClient(fixture.Engine);

    [Fact]
    public async Task It_answers_with_usage_and_a_reason_to_end()
    {
        ChatResponse response = await _client.GetResponseAsync("What is the capital of France?", new ChatOptions { Temperature = 0, MaxOutputTokens = 20 }, TestContext.Current.CancellationToken);

        Assert.Contains("Paris", response.Text);
        Assert.Equal(ChatRole.Assistant, response.Messages.Single().Role);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal(response.Usage!.InputTokenCount + response.Usage.OutputTokenCount, response.Usage.TotalTokenCount);
    }

    [Fact]
    public async Task It_streams_and_obeys_options()
    {
        List<ChatResponseUpdate> updates = [];
        ChatOptions options = new() { Temperature = 0, MaxOutputTokens = 4, Instructions = "You are brief." };
        await foreach (ChatResponseUpdate update in _client.GetStreamingResponseAsync("Tell me a story.", options, TestContext.Current.CancellationToken)) updates.Add(update);

        Assert.Equal(4, updates.Count);
        Assert.Equal(ChatFinishReason.Length, updates[^1].FinishReason);
        Assert.Single(updates.Select(update => update.MessageId).Distinct());
    }

    [Fact]
    public async Task What_it_cannot_do_it_says()
    {
        ChatMessage image = new(ChatRole.User, [new DataContent(new byte[] { 1 }, "image/png")]);

        await Assert.ThrowsAsync<NotSupportedException>(() => _client.GetResponseAsync([image]));
        await Assert.ThrowsAsync<NotSupportedException>(() => _client.GetResponseAsync("Hi", new ChatOptions { Tools = [new HostedWebSearchTool()] }));
    }

    [Fact]
    public void It_knows_its_engine_and_model()
    {
        Assert.Same(fixture.Engine, _client.GetService<InferenceEngine>());
        Assert.Equal("AutoGLM Mini", _client.GetService<ChatClientMetadata>()!.DefaultModelId);
    }
}
