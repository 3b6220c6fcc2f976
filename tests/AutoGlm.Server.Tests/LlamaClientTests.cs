using System.Net.ServerSentEvents;
using System.Text.Json;

namespace AutoGlm.Server.Tests;

/// <summary>What clients made for llama-server ask, in its shapes.</summary>
public class LlamaClientTests(ServerFixture fixture)
{
    [Fact]
    public async Task A_text_goes_on_as_completions_do()
    {
        (_, JsonElement expected) = await fixture.PostAsync("/v1/completions", new { prompt = "The sea is", max_tokens = 6, temperature = 0 });

        (int status, JsonElement body) = await fixture.PostAsync("/completion", new { prompt = "The sea is", n_predict = 6, temperature = 0, return_tokens = true, cache_prompt = true, seed = -1, id_slot = -1 });

        Assert.Equal(200, status);
        Assert.Equal(expected.GetProperty("choices")[0].GetProperty("text").GetString(), body.GetProperty("content").GetString());
        Assert.True(body.GetProperty("stop").GetBoolean());
        Assert.Equal("limit", body.GetProperty("stop_type").GetString());
        Assert.Equal(6, body.GetProperty("tokens").GetArrayLength());
        Assert.Equal((6, expected.GetProperty("usage").GetProperty("prompt_tokens").GetInt32()), (body.GetProperty("tokens_predicted").GetInt32(), body.GetProperty("tokens_evaluated").GetInt32()));
        Assert.Equal(6, body.GetProperty("timings").GetProperty("predicted_n").GetInt32());
        Assert.True(body.GetProperty("timings").GetProperty("predicted_per_second").GetDouble() > 0);
    }

    [Fact]
    public async Task A_stream_ends_with_why_and_how_fast()
    {
        (_, JsonElement whole) = await fixture.PostAsync("/completion", new { prompt = "The sea is", n_predict = 5, temperature = 0, n_probs = 2 });
        using HttpResponseMessage response = await ServerFixture.SendAsync(fixture.Http, "/completion", """{"prompt":"The sea is","n_predict":5,"temperature":0,"n_probs":2,"stream":true}""");

        List<JsonElement> events = [];
        await foreach (SseItem<string> item in SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync()) events.Add(JsonElement.Parse(item.Data));

        Assert.Equal(whole.GetProperty("content").GetString(), string.Concat(events.Select(one => one.GetProperty("content").GetString())));
        Assert.All(events.SkipLast(1), one => Assert.False(one.GetProperty("stop").GetBoolean() || one.TryGetProperty("timings", out _)));
        Assert.Equal("limit", events[^1].GetProperty("stop_type").GetString());
        JsonElement[] probabilities = [.. whole.GetProperty("completion_probabilities").EnumerateArray()];
        Assert.Equal(5, probabilities.Length);
        Assert.All(probabilities, token => Assert.Equal(token.GetProperty("id").GetInt32(), token.GetProperty("top_logprobs")[0].GetProperty("id").GetInt32()));
    }

    [Theory]
    [InlineData("""{"prompt":"a","grammar":"root ::= \"yes\"","n_predict":9}""", "eos")]
    [InlineData("""{"prompt":"The sea is","stop":[" "],"n_predict":9,"temperature":0}""", "word")]
    public async Task What_ended_it_is_told(string json, string expected)
    {
        (int status, JsonElement body) = await ServerFixture.PostAsync(fixture.Http, "/completions", json);

        Assert.Equal((200, expected), (status, body.GetProperty("stop_type").GetString()));
    }

    [Fact]
    public async Task Tokens_are_biased_by_pairs_too()
    {
        int token = fixture.Engine.Tokenizer.Encode("blue", false, false)[0];
        (_, JsonElement wanted) = await fixture.PostAsync("/completion", new { prompt = "x", n_predict = 2, temperature = 0, logit_bias = new object[] { new object[] { token, 100 } } });
        (_, JsonElement barred) = await fixture.PostAsync("/completion", new { prompt = "x", n_predict = 2, temperature = 0, logit_bias = new object[] { new object[] { token, 100 }, new object[] { token, false } } });

        Assert.Equal("blueblue", wanted.GetProperty("content").GetString());
        Assert.DoesNotContain("blue", barred.GetProperty("content").GetString());
    }

    [Fact]
    public async Task The_server_and_its_template_are_told()
    {
        JsonElement props = JsonElement.Parse(await fixture.Http.GetStringAsync("/props"));
        (_, JsonElement applied) = await fixture.PostAsync("/apply-template", new { messages = new[] { new { role = "user", content = "Hi" } } });
        (int status, JsonElement chat) = await fixture.PostAsync("/chat/completions", new { messages = new[] { new { role = "user", content = "Hi" } }, n_predict = 2, temperature = 0 });

        Assert.Equal(1024, props.GetProperty("default_generation_settings").GetProperty("n_ctx").GetInt32());
        Assert.Contains("messages", props.GetProperty("chat_template").GetString());
        Assert.Equal("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", applied.GetProperty("prompt").GetString());
        Assert.Equal((200, 2), (status, chat.GetProperty("usage").GetProperty("completion_tokens").GetInt32()));
        Assert.Equal(2, chat.GetProperty("timings").GetProperty("predicted_n").GetInt32());
        Assert.Equal("autoglm-mini", JsonElement.Parse(await fixture.Http.GetStringAsync("/models")).GetProperty("data")[0].GetProperty("id").GetString());
    }
}
