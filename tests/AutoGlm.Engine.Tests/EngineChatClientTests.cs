using System.Text.Json;
using AutoGlm.Engine.Constraints;
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
    public async Task An_answer_in_a_format_has_it()
    {
        ChatOptions options = new() { Temperature = 1, Seed = 7, MaxOutputTokens = 200, ResponseFormat = ChatResponseFormat.ForJsonSchema(Parse("{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\",\"maxLength\":12},\"size\":{\"type\":\"integer\",\"maximum\":9}},\"required\":[\"city\",\"size\"]}")) };
        ChatResponse response = await _client.GetResponseAsync("Name a city.", options, TestContext.Current.CancellationToken);

        JsonElement answer = Parse(response.Text);
        Assert.True(answer.GetProperty("city").GetString()!.Length <= 12);
        Assert.True(answer.GetProperty("size").GetInt64() <= 9);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal(response.Usage!.OutputTokenCount + response.Usage.InputTokenCount, response.Usage.TotalTokenCount);
    }

    [Fact]
    public async Task A_tool_that_must_be_called_is_called_with_arguments_of_its_schema()
    {
        AIFunctionDeclaration tool = AIFunctionFactory.CreateDeclaration("get_weather", "The weather.", Parse("{\"type\":\"object\",\"properties\":{\"unit\":{\"enum\":[\"c\",\"f\"]}},\"required\":[\"unit\"]}"));
        ChatOptions options = new() { Temperature = 0, MaxOutputTokens = 100, Tools = [tool], ToolMode = ChatToolMode.RequireSpecific("get_weather"), AllowMultipleToolCalls = false };
        ChatResponse response = await _client.GetResponseAsync("How is the weather?", options, TestContext.Current.CancellationToken);

        FunctionCallContent call = response.Messages.Single().Contents.OfType<FunctionCallContent>().Single();
        Assert.Equal("get_weather", call.Name);
        Assert.Contains(((JsonElement)call.Arguments!["unit"]!).GetString(), new[] { "c", "f" });
        Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
        List<ChatMessage> conversation = [new(ChatRole.User, "How is the weather?"), .. response.Messages, new(ChatRole.Tool, [new FunctionResultContent(call.CallId, "Rain")])];
        ChatResponse after = await _client.GetResponseAsync(conversation, new ChatOptions { Temperature = 0, MaxOutputTokens = 5, Tools = [tool], ToolMode = ChatToolMode.None }, TestContext.Current.CancellationToken);
        Assert.DoesNotContain(after.Messages.SelectMany(message => message.Contents), content => content is FunctionCallContent);
    }

    [Fact]
    public async Task A_schema_beyond_what_is_supported_is_refused()
    {
        ChatOptions options = new() { ResponseFormat = ChatResponseFormat.ForJsonSchema(Parse("{\"not\":{}}")) };
        GrammarException error = await Assert.ThrowsAsync<GrammarException>(() => _client.GetResponseAsync("Hi", options));
        Assert.Contains("not", error.Message);
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

    private static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement.Clone();
}
