using System.ComponentModel;
using Microsoft.Extensions.AI;

namespace AutoGlm.Server.Tests;

/// <summary>Microsoft.Extensions.AI's client for OpenAI against a live server.</summary>
public class ChatClientTests(ServerFixture fixture)
{
    private static readonly ChatOptions Greedy = new() { Temperature = 0, MaxOutputTokens = 8 };

    [Fact]
    public async Task A_stream_says_what_the_answer_says()
    {
        using IChatClient client = Create();

        ChatResponse whole = await client.GetResponseAsync("Name three colours.", Greedy);
        ChatResponse streamed = await client.GetStreamingResponseAsync("Name three colours.", Greedy).ToChatResponseAsync();

        Assert.NotEqual("", whole.Text);
        Assert.Equal(whole.Text, streamed.Text);
        Assert.Equal(ChatFinishReason.Length, whole.FinishReason);
        Assert.Equal(ChatFinishReason.Length, streamed.FinishReason);
        Assert.Equal(8, whole.Usage!.OutputTokenCount);
        Assert.Equal(whole.Usage.InputTokenCount, streamed.Usage!.InputTokenCount);
    }

    [Fact]
    public async Task Responses_say_what_chat_says()
    {
        using IChatClient chat = Create(), responses = fixture.Client().GetResponsesClient().AsIChatClient("autoglm-mini");

        ChatResponse expected = await chat.GetResponseAsync("Name three colours.", Greedy);
        ChatResponse whole = await responses.GetResponseAsync("Name three colours.", Greedy);
        ChatResponse streamed = await responses.GetStreamingResponseAsync("Name three colours.", Greedy).ToChatResponseAsync();

        Assert.Equal((expected.Text, expected.Text), (whole.Text, streamed.Text));
        Assert.Equal(8, whole.Usage!.OutputTokenCount);
        Assert.NotNull(whole.ConversationId);
    }

    [Fact]
    public async Task A_function_is_called_and_its_result_is_read()
    {
        AIFunction weather = AIFunctionFactory.Create(([Description("The city.")] string city) => $"Sunny in {city}", "get_weather", "Tells the weather of a city.");
        using IChatClient client = Create();
        List<ChatMessage> messages = [new(ChatRole.User, "Weather in Oslo?")];
        ChatOptions options = new() { Temperature = 0, MaxOutputTokens = 80, Tools = [weather], ToolMode = ChatToolMode.RequireAny, AllowMultipleToolCalls = false };

        ChatResponse first = await client.GetResponseAsync(messages, options);
        FunctionCallContent call = Assert.Single(first.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>());
        object? result = await weather.InvokeAsync(new AIFunctionArguments(call.Arguments));
        messages.AddRange([.. first.Messages, new ChatMessage(ChatRole.Tool, [new FunctionResultContent(call.CallId, result)])]);
        ChatResponse last = await client.GetResponseAsync(messages, new ChatOptions { Temperature = 0, MaxOutputTokens = 4 });

        Assert.Equal("get_weather", call.Name);
        Assert.NotEqual("", last.Text);
        Assert.True(last.Usage!.InputTokenCount > first.Usage!.OutputTokenCount);
    }

    private IChatClient Create() => fixture.Client().GetChatClient("autoglm-mini").AsIChatClient();
}
