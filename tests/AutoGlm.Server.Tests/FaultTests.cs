using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace AutoGlm.Server.Tests;

/// <summary>What clients do wrong: each gets a clear error, and everybody else an answer.</summary>
public class FaultTests(ServerFixture fixture)
{
    private const string Hello = """{"messages":[{"role":"user","content":"Hello"}],"max_tokens":2}""";

    [Theory]
    [InlineData("", 400, null)]
    [InlineData("{", 400, null)]
    [InlineData("[1]", 400, null)]
    [InlineData("""{"messages":[]}""", 400, "messages")]
    [InlineData("""{"messages":[{"role":"user","content":5}]}""", 400, "messages[0].content")]
    [InlineData("""{"messages":[{"role":"nobody","content":"x"}]}""", 400, "messages[0].role")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"n":1000000000000}""", 400, "n")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"logprobs":true,"top_logprobs":99999}""", 400, "top_logprobs")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"temperature":"hot"}""", 400, "temperature")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"temperature":1e999}""", 400, "temperature")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"stop":[""]}""", 400, "stop")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"logit_bias":{"a":1}}""", 400, "logit_bias")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"logit_bias":{"999999":1}}""", 400, "logit_bias")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"logit_bias":[[5,"a"]]}""", 400, "logit_bias[0]")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"max_tokens":-2}""", 400, "max_tokens")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"n_predict":0}""", 400, "n_predict")]
    [InlineData("""{"messages":[{"role":"user","content":"\ud800"}]}""", 400, "messages[0].content")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"max_tokens":100000}""", 400, null)]
    public async Task Bad_requests_are_refused_by_field(string json, int expected, string? param)
    {
        (int status, JsonElement body) = await ServerFixture.PostAsync(fixture.Http, "/v1/chat/completions", json);

        Assert.Equal(expected, status);
        JsonElement error = body.GetProperty("error");
        Assert.Equal(param, error.GetProperty("param").GetString());
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        Assert.NotEqual("", error.GetProperty("message").GetString());
    }

    [Fact]
    public async Task Deep_large_and_undecodable_bodies_are_refused()
    {
        (int status, JsonElement body) = await ServerFixture.PostAsync(fixture.Http, "/v1/chat/completions", new string('[', 10_000_000));
        Assert.Equal((400, "invalid_json"), (status, body.GetProperty("error").GetProperty("code").GetString()));

        using ByteArrayContent invalid = new([.. "{\"a\":\""u8, 0xFF, 0xFE, .. "\"}"u8]);
        invalid.Headers.ContentType = new("application/json");
        using HttpResponseMessage response = await fixture.Http.PostAsync("/v1/chat/completions", invalid);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("byte 6", await response.Content.ReadAsStringAsync());

        using ByteArrayContent large = new(new byte[17 << 20]);
        large.Headers.ContentType = new("application/json");
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/chat/completions") { Content = large };
        request.Headers.ExpectContinue = true;
        using HttpResponseMessage tooLarge = await fixture.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, tooLarge.StatusCode);
    }

    [Fact]
    public async Task A_prompt_of_a_million_tokens_is_refused_with_its_length()
    {
        string json = JsonSerializer.Serialize(new { prompt = string.Concat(Enumerable.Repeat("hi ", 1_000_000)), max_tokens = 4 });

        (int status, JsonElement body) = await ServerFixture.PostAsync(fixture.Http, "/v1/completions", json);

        Assert.Equal((400, "context_length_exceeded"), (status, body.GetProperty("error").GetProperty("code").GetString()));
    }

    [Theory]
    [InlineData("GET", "/nothing", 404)]
    [InlineData("DELETE", "/v1/models", 405)]
    [InlineData("GET", "/v1/models/other", 404)]
    public async Task Unknown_places_and_methods_have_the_same_shape(string method, string path, int expected)
    {
        using HttpResponseMessage response = await fixture.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        Assert.Equal(expected, (int)response.StatusCode);
        Assert.NotEqual("", JsonElement.Parse(await response.Content.ReadAsStringAsync()).GetProperty("error").GetProperty("message").GetString());
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("text/plain")]
    public async Task A_body_that_is_said_to_be_no_json_is_refused_with_what_to_say(string type)
    {
        using StringContent content = new(Hello, Encoding.UTF8, type);

        using HttpResponseMessage response = await fixture.Http.PostAsync("/v1/chat/completions", content);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Contains("Content-Type: application/json", JsonElement.Parse(await response.Content.ReadAsStringAsync()).GetProperty("error").GetProperty("message").GetString());
    }

    [Fact]
    public async Task Probes_may_ask_for_the_status_alone()
    {
        using HttpResponseMessage response = await fixture.Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/ready"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_client_that_leaves_frees_what_its_answer_held()
    {
        await using AutoGlmServer server = await ServerFixture.StartAsync(ServerFixture.Roomy);
        using HttpClient http = new() { BaseAddress = server.Address };
        using (Socket socket = await ConnectAsync(server))
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes($"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {ServerFixture.Long.Length}\r\n\r\n{ServerFixture.Long}"));
            await socket.ReceiveAsync(new byte[64]);
            await ServerFixture.EventuallyAsync(() => server.Engine!.GetStatistics().Running == 1, "the answer does not begin");
        }

        await ServerFixture.EventuallyAsync(() => server.Engine!.GetStatistics() is { Running: 0, Cache.BlocksInUse: 0 }, "the answer goes on without its reader");
        Assert.Equal(200, (await ServerFixture.PostAsync(http, "/v1/chat/completions", Hello)).Status);
    }

    [Fact]
    public async Task Half_a_body_harms_nobody()
    {
        using Socket socket = await ConnectAsync(fixture.Server);
        await socket.SendAsync(Encoding.UTF8.GetBytes("POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"prompt\":"));

        (int status, _) = await ServerFixture.PostAsync(fixture.Http, "/v1/chat/completions", Hello);
        socket.Close();

        Assert.Equal(200, status);
    }

    [Fact]
    public async Task Unknown_fields_are_ignored_and_told()
    {
        using StringContent content = new("""{"prompt":"Hi","max_tokens":1,"surprise":1}""", Encoding.UTF8, "application/json");

        using HttpResponseMessage response = await fixture.Http.PostAsync("/v1/completions", content);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("surprise", Assert.Single(response.Headers.GetValues("x-autoglm-ignored")));
    }

    [Fact]
    public async Task Keys_are_asked_for_and_pages_of_others_are_refused()
    {
        await using AutoGlmServer server = await AutoGlmServer.ListenAsync(ServerFixture.Options with { ApiKeys = ["right"] });
        using HttpClient http = new() { BaseAddress = server.Address };

        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/v1/models")).StatusCode);
        http.DefaultRequestHeaders.Authorization = new("Bearer", "wrong");
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/v1/models")).StatusCode);
        http.DefaultRequestHeaders.Authorization = new("Bearer", "right");
        using HttpResponseMessage loading = await http.GetAsync("/v1/models");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, loading.StatusCode);
        Assert.NotNull(loading.Headers.RetryAfter);
        http.DefaultRequestHeaders.Add("Origin", "http://evil.example");
        Assert.Equal(HttpStatusCode.Forbidden, (await http.GetAsync("/v1/models")).StatusCode);
    }

    [Fact]
    public async Task Metrics_and_cache_tell_what_happened()
    {
        await ServerFixture.PostAsync(fixture.Http, "/v1/chat/completions", Hello);

        string metrics = await fixture.Http.GetStringAsync("/metrics");
        JsonElement cache = JsonElement.Parse(await fixture.Http.GetStringAsync("/v1/cache"));
        (int status, _) = await ServerFixture.PostAsync(fixture.Http, "/v1/cache/drop", """{"all":true}""");

        foreach (string name in (string[])["gen_ai_server_time_to_first_token_seconds_count", "autoglm_tokens_generated_total", "autoglm_kv_occupancy", "autoglm_cache_evictions_total", "autoglm_kv_touched", "dotnet_gc_last_collection_heap_size_bytes", "dotnet_process_memory_working_set_bytes"]) Assert.Contains(name, metrics);
        Assert.True(cache.GetProperty("blocks").GetInt32() > 0);
        Assert.Equal(200, status);
        Assert.Contains("/v1/chat/completions", await fixture.Http.GetStringAsync("/openapi.json"));
    }

    [Fact]
    public async Task The_page_needs_no_key_and_nothing_from_elsewhere()
    {
        await using AutoGlmServer server = await AutoGlmServer.ListenAsync(ServerFixture.Options with { ApiKeys = ["right"] });
        using HttpClient http = new() { BaseAddress = server.Address };

        using HttpResponseMessage response = await http.GetAsync("/");
        string page = await response.Content.ReadAsStringAsync();

        Assert.Equal("text/html", response.Content.Headers.ContentType!.MediaType);
        Assert.StartsWith("default-src 'none'", Assert.Single(response.Headers.GetValues("Content-Security-Policy")));
        Assert.EndsWith("</html>\n", page);
        Assert.DoesNotContain("http://", page);
        Assert.DoesNotContain("https://", page);
    }

    private static async Task<Socket> ConnectAsync(AutoGlmServer server)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server.Address.Host, server.Address.Port);
        return socket;
    }
}
