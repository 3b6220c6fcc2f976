using System.Text;
using System.Text.Json;
using OpenAI.Chat;

namespace AutoGlm.Server.Tests;

/// <summary>Answers that follow a format and tools that are called, by OpenAI's .NET package.</summary>
public class StructuredOutputTests(ServerFixture fixture)
{
    private static readonly ChatTool Weather = ChatTool.CreateFunctionTool(
        "get_weather",
        "Tells the weather of a city.",
        BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string","enum":["Paris","Oslo"]}},"required":["city"],"additionalProperties":false}"""),
        functionSchemaIsStrict: true);

    private ChatClient Chat => fixture.Client().GetChatClient("autoglm-mini");

    [Fact]
    public async Task A_schema_is_followed()
    {
        const string Schema = """{"type":"object","properties":{"colour":{"type":"string","enum":["red","blue"]},"count":{"type":"integer","minimum":1,"maximum":9}},"required":["colour","count"],"additionalProperties":false}""";
        ChatCompletionOptions options = new()
        {
            Temperature = 1,
            MaxOutputTokenCount = 60,
            ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("paint", BinaryData.FromString(Schema), jsonSchemaIsStrict: true),
        };

        ChatCompletion completion = await Chat.CompleteChatAsync([new UserChatMessage("Which paint?")], options);

        using JsonDocument answer = JsonDocument.Parse(completion.Content[0].Text);
        Assert.Contains(answer.RootElement.GetProperty("colour").GetString(), new[] { "red", "blue" });
        Assert.InRange(answer.RootElement.GetProperty("count").GetInt32(), 1, 9);
        Assert.Equal(ChatFinishReason.Stop, completion.FinishReason);
    }

    [Fact]
    public async Task A_required_tool_is_called()
    {
        ChatCompletionOptions options = new() { Temperature = 0, MaxOutputTokenCount = 80, Tools = { Weather }, ToolChoice = ChatToolChoice.CreateRequiredChoice(), AllowParallelToolCalls = false };

        ChatCompletion completion = await Chat.CompleteChatAsync([new UserChatMessage("Weather in Paris?")], options);

        ChatToolCall call = Assert.Single(completion.ToolCalls);
        Assert.Equal("get_weather", call.FunctionName);
        using JsonDocument arguments = JsonDocument.Parse(call.FunctionArguments);
        Assert.Contains(arguments.RootElement.GetProperty("city").GetString(), new[] { "Paris", "Oslo" });
        Assert.Equal(ChatFinishReason.ToolCalls, completion.FinishReason);
    }

    [Fact]
    public async Task A_streamed_call_is_the_same_in_pieces_and_its_result_is_read()
    {
        ChatCompletionOptions options = new() { Temperature = 0, MaxOutputTokenCount = 80, Tools = { Weather }, ToolChoice = ChatToolChoice.CreateFunctionChoice("get_weather"), AllowParallelToolCalls = false };
        List<ChatMessage> messages = [new UserChatMessage("Weather in Oslo?")];
        ChatCompletion whole = await Chat.CompleteChatAsync(messages, options);
        StringBuilder arguments = new();
        string? id = null, name = null;
        ChatFinishReason? finish = null;

        await foreach (StreamingChatCompletionUpdate update in Chat.CompleteChatStreamingAsync(messages, options))
        {
            foreach (StreamingChatToolCallUpdate call in update.ToolCallUpdates)
            {
                (id, name) = (call.ToolCallId ?? id, call.FunctionName ?? name);
                if (call.FunctionArgumentsUpdate is { } piece && !piece.ToMemory().IsEmpty) arguments.Append(piece);
            }

            finish = update.FinishReason ?? finish;
        }

        Assert.Equal("get_weather", name);
        Assert.Equal(whole.ToolCalls[0].FunctionArguments.ToString(), arguments.ToString());
        Assert.Equal(ChatFinishReason.ToolCalls, finish);
        messages.AddRange([new AssistantChatMessage(whole), new ToolChatMessage(whole.ToolCalls[0].Id, "Sunny, 21 degrees")]);
        ChatCompletion last = await Chat.CompleteChatAsync(messages, new ChatCompletionOptions { MaxOutputTokenCount = 4, Tools = { Weather }, ToolChoice = ChatToolChoice.CreateNoneChoice() });
        Assert.Empty(last.ToolCalls);
    }

    [Fact]
    public async Task Grammars_and_patterns_are_followed_too()
    {
        (int status, JsonElement body) = await fixture.PostAsync("/v1/completions", new { prompt = "The answer is", grammar = "root ::= \" yes\" | \" no\"", max_tokens = 8 });
        Assert.Equal(200, status);
        Assert.Contains(body.GetProperty("choices")[0].GetProperty("text").GetString(), new[] { " yes", " no" });

        (status, body) = await fixture.PostAsync("/v1/chat/completions", new { messages = new[] { new { role = "user", content = "Year?" } }, guided_regex = "(19|20)[0-9]{2}", max_tokens = 12 });
        Assert.Equal(200, status);
        Assert.Matches("^(19|20)[0-9]{2}$", body.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
    }

    [Theory]
    [InlineData("""{"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"nonsense"}}}}""", "response_format.json_schema.schema")]
    [InlineData("""{"grammar":"root ::= ("}""", "grammar")]
    [InlineData("""{"grammar":"root ::= \"a\"","guided_regex":"a"}""", "guided_regex")]
    [InlineData("""{"response_format":{"type":"xml"}}""", "response_format.type")]
    [InlineData("""{"tools":[{"type":"function","function":{"name":"a b"}}]}""", "tools[0].function.name")]
    [InlineData("""{"tools":[],"tool_choice":"required"}""", "tool_choice")]
    public async Task What_cannot_be_followed_is_refused_with_its_field(string fields, string param)
    {
        string json = """{"messages":[{"role":"user","content":"Hi"}],"max_tokens":4,""" + fields[1..];

        (int status, JsonElement body) = await ServerFixture.PostAsync(fixture.Http, "/v1/chat/completions", json);

        Assert.Equal(400, status);
        Assert.Equal(param, body.GetProperty("error").GetProperty("param").GetString());
    }
}
