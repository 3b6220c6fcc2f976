using System.ClientModel;
using System.Text;
using System.Text.Json;
using OpenAI.Responses;

namespace AutoGlm.Server.Tests;

/// <summary>OpenAI's .NET package against <c>/v1/responses</c> of a live server.</summary>
public class ResponsesClientTests(ServerFixture fixture)
{
    private const string Model = "autoglm-mini";

    private ResponsesClient Client => fixture.Client().GetResponsesClient();

    [Fact]
    public async Task A_response_says_what_chat_says()
    {
        (_, JsonElement chat) = await fixture.PostAsync("/v1/chat/completions", new { messages = new[] { new { role = "system", content = "Be brief." }, new { role = "user", content = "Name three colours." } }, temperature = 0, max_tokens = 8 });
        CreateResponseOptions options = Greedy("Name three colours.", 8);
        options.Instructions = "Be brief.";

        ResponseResult response = await Client.CreateResponseAsync(options);

        Assert.Equal(chat.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), response.GetOutputText());
        Assert.Equal(ResponseStatus.Incomplete, response.Status);
        Assert.Equal(ResponseIncompleteStatusReason.MaxOutputTokens, response.IncompleteStatusDetails.Reason);
        Assert.Equal(8, response.Usage.OutputTokenCount);
        Assert.Equal(chat.GetProperty("usage").GetProperty("prompt_tokens").GetInt32(), response.Usage.InputTokenCount);
        Assert.Equal(Model, response.Model);
    }

    [Fact]
    public async Task A_stream_tells_each_step_in_order()
    {
        ResponseResult whole = await Client.CreateResponseAsync(Greedy("Name the largest ocean.", 6));
        CreateResponseOptions options = Greedy("Name the largest ocean.", 6);
        options.StreamingEnabled = true;
        List<StreamingResponseUpdate> updates = [];

        await foreach (StreamingResponseUpdate update in Client.CreateResponseStreamingAsync(options)) updates.Add(update);

        Assert.Equal(Enumerable.Range(0, updates.Count), updates.Select(update => update.SequenceNumber));
        Assert.Equal(
            [
                typeof(StreamingResponseCreatedUpdate), typeof(StreamingResponseInProgressUpdate), typeof(StreamingResponseOutputItemAddedUpdate), typeof(StreamingResponseContentPartAddedUpdate),
                typeof(StreamingResponseOutputTextDeltaUpdate), typeof(StreamingResponseOutputTextDoneUpdate), typeof(StreamingResponseContentPartDoneUpdate), typeof(StreamingResponseOutputItemDoneUpdate),
                typeof(StreamingResponseIncompleteUpdate),
            ],
            updates.Select(update => update.GetType()).Distinct());
        Assert.Equal(whole.GetOutputText(), string.Concat(updates.OfType<StreamingResponseOutputTextDeltaUpdate>().Select(update => update.Delta)));
        ResponseResult last = updates.OfType<StreamingResponseIncompleteUpdate>().Single().Response;
        Assert.Equal(whole.GetOutputText(), last.GetOutputText());
        Assert.Equal(6, last.Usage.OutputTokenCount);
    }

    [Fact]
    public async Task A_function_is_called_in_pieces_and_its_output_is_read()
    {
        CreateResponseOptions options = Greedy("Weather in Oslo?", 80);
        options.Tools.Add(ResponseTool.CreateFunctionTool(
            "get_weather",
            BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string","enum":["Paris","Oslo"]}},"required":["city"],"additionalProperties":false}"""),
            strictModeEnabled: true,
            functionDescription: "Tells the weather of a city."));
        options.ToolChoice = ResponseToolChoice.CreateFunctionChoice("get_weather");
        options.ParallelToolCallsEnabled = false;
        options.StreamingEnabled = true;
        StringBuilder pieces = new();
        ResponseResult? last = null;

        await foreach (StreamingResponseUpdate update in Client.CreateResponseStreamingAsync(options))
        {
            if (update is StreamingResponseFunctionCallArgumentsDeltaUpdate delta) pieces.Append(delta.Delta.ToString());
            if (update is StreamingResponseCompletedUpdate completed) last = completed.Response;
        }

        FunctionCallResponseItem call = Assert.IsType<FunctionCallResponseItem>(Assert.Single(last!.OutputItems));
        Assert.Equal("get_weather", call.FunctionName);
        Assert.Equal(pieces.ToString(), call.FunctionArguments.ToString());
        Assert.Contains(JsonElement.Parse(pieces.ToString()).GetProperty("city").GetString(), new[] { "Paris", "Oslo" });
        CreateResponseOptions next = Greedy("", 4);
        next.InputItems.Clear();
        next.InputItems.Add(ResponseItem.CreateUserMessageItem("Weather in Oslo?"));
        next.InputItems.Add(call);
        next.InputItems.Add(ResponseItem.CreateFunctionCallOutputItem(call.CallId, "Sunny"));
        ResponseResult whole = await Client.CreateResponseAsync(next);
        next.InputItems.RemoveAt(1);
        next.InputItems.RemoveAt(0);
        next.PreviousResponseId = last.Id;
        ResponseResult continued = await Client.CreateResponseAsync(next);
        Assert.Equal(whole.Usage.InputTokenCount, continued.Usage.InputTokenCount);
        Assert.Equal(whole.GetOutputText(), continued.GetOutputText());
    }

    [Fact]
    public async Task A_schema_is_followed()
    {
        CreateResponseOptions options = Greedy("Which paint?", 40);
        options.TextOptions = new ResponseTextOptions
        {
            TextFormat = ResponseTextFormat.CreateJsonSchemaFormat("paint", BinaryData.FromString("""{"type":"object","properties":{"colour":{"type":"string","enum":["red","blue"]}},"required":["colour"],"additionalProperties":false}"""), jsonSchemaIsStrict: true),
        };

        ResponseResult response = await Client.CreateResponseAsync(options);

        Assert.Contains(JsonElement.Parse(response.GetOutputText()).GetProperty("colour").GetString(), new[] { "red", "blue" });
        Assert.Equal(ResponseStatus.Completed, response.Status);
    }

    [Fact]
    public async Task Responses_are_kept_and_forgotten_and_nobody_elses_business()
    {
        await using AutoGlmServer server = await ServerFixture.StartAsync(ServerFixture.Options with { ApiKeys = ["ours", "theirs"], StoredResponses = 2, Engine = ServerFixture.Options.Engine with { PrefixCache = true } });
        ResponsesClient ours = ServerFixture.ClientFor(server, "ours").GetResponsesClient();
        ResponsesClient theirs = ServerFixture.ClientFor(server, "theirs").GetResponsesClient();
        ResponseResult first = await ours.CreateResponseAsync(Greedy(string.Concat(Enumerable.Repeat("The keeper counted ships. ", 12)), 4));
        CreateResponseOptions more = Greedy("And then?", 4);
        more.PreviousResponseId = first.Id;

        ResponseResult second = await ours.CreateResponseAsync(more);

        Assert.True(second.Usage.InputTokenDetails.CachedTokenCount >= first.Usage.InputTokenCount - 16);
        Assert.Equal(first.GetOutputText(), (await ours.GetResponseAsync(first.Id)).Value.GetOutputText());
        await FailsAsync(404, "response_not_found", () => theirs.GetResponseAsync(first.Id));
        await FailsAsync(404, "response_not_found", () => theirs.DeleteResponseAsync(first.Id));
        await FailsAsync(400, "previous_response_not_found", () => theirs.CreateResponseAsync(more));
        CreateResponseOptions unstored = Greedy("Hi", 1);
        unstored.StoredOutputEnabled = false;
        ResponseResult third = await ours.CreateResponseAsync(unstored);
        await FailsAsync(404, "response_not_found", () => ours.GetResponseAsync(third.Id));
        await ours.CreateResponseAsync(Greedy("Hi", 1));
        await FailsAsync(404, "response_not_found", () => ours.GetResponseAsync(first.Id));
        Assert.True((await ours.DeleteResponseAsync(second.Id)).Value.Deleted);
        await FailsAsync(404, "response_not_found", () => ours.GetResponseAsync(second.Id));
    }

    [Theory]
    [InlineData("""{}""", "input")]
    [InlineData("""{"input":[]}""", "input")]
    [InlineData("""{"input":5}""", "input")]
    [InlineData("""{"input":[{"type":"web_search_call"}]}""", "input[0].type")]
    [InlineData("""{"input":[{"type":"function_call","name":"x"}]}""", "input[0].call_id")]
    [InlineData("""{"input":[{"role":"user","content":[{"type":"input_image","image_url":"x"}]}]}""", "input[0].content[0].type")]
    [InlineData("""{"input":"x","tools":[{"type":"web_search"}]}""", "tools[0].type")]
    [InlineData("""{"input":"x","background":true}""", "background")]
    [InlineData("""{"input":"x","conversation":"conv_1"}""", "conversation")]
    [InlineData("""{"input":"x","metadata":{"a":1}}""", "metadata.a")]
    [InlineData("""{"input":"x","text":{"format":{"type":"json_schema","name":"x"}}}""", "text.format.schema")]
    public async Task What_cannot_be_done_is_refused_by_field(string json, string param)
    {
        (int status, JsonElement body) = await ServerFixture.PostAsync(fixture.Http, "/v1/responses", json);

        Assert.Equal((400, param), (status, body.GetProperty("error").GetProperty("param").GetString()));
    }

    private static CreateResponseOptions Greedy(string user, int tokens) => new()
    {
        Model = Model,
        Temperature = 0,
        MaxOutputTokenCount = tokens,
        InputItems = { ResponseItem.CreateUserMessageItem(user) },
    };

    private static async Task FailsAsync(int status, string code, Func<Task> act)
    {
        ClientResultException error = await Assert.ThrowsAsync<ClientResultException>(act);
        Assert.Equal(status, error.Status);
        Assert.Contains(code, error.Message);
    }
}
