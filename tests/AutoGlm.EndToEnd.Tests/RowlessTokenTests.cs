using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace AutoGlm.EndToEnd.Tests;

/// <summary>A server of a model with a token that its embedding has no row for.</summary>
public sealed class RowlessTokenTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("autoglm-rowless-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Is_said_in_the_log_and_is_text_to_requests()
    {
        string model = RowlessModel.Write(Path.Combine(_folder, "model.gguf"));
        using AutoglmServe server = await AutoglmServe.StartAsync("-m", model, "--no-weight-cache");
        Assert.Contains($"'{RowlessModel.Token}' ({RowlessModel.Rows})", server.Log);

        (_, JsonNode tokens) = await PostAsync(server, "/tokenize", new { content = RowlessModel.Token, parse_special = true });
        int[] ids = [.. tokens["tokens"]!.AsArray().Select(id => (int)id!)];
        Assert.True(ids.Length > 1);
        Assert.All(ids, id => Assert.InRange(id, 0, RowlessModel.Rows - 1));

        // The grammar's mask and the logits are of one size: all that this answer may be is the token's text.
        (HttpStatusCode status, JsonNode answer) = await PostAsync(server, "/completion", new { prompt = RowlessModel.Token, n_predict = 16, grammar = $"root ::= \"{RowlessModel.Token}\"" });
        Assert.Equal((HttpStatusCode.OK, RowlessModel.Token), (status, (string)answer["content"]!));

        foreach (string field in new[] { "logit_bias", "prompt", "tokens" })
        {
            object request = field switch
            {
                "logit_bias" => new { prompt = "a", max_tokens = 1, logit_bias = new Dictionary<string, int> { [$"{RowlessModel.Rows}"] = 5 } },
                "prompt" => new { prompt = new[] { RowlessModel.Rows }, max_tokens = 1 },
                _ => new { tokens = new[] { RowlessModel.Rows } },
            };
            (status, JsonNode refusal) = await PostAsync(server, field == "tokens" ? "/detokenize" : "/v1/completions", request);
            Assert.Equal(HttpStatusCode.BadRequest, status);
            Assert.Contains("0 to 319", refusal.ToJsonString());
        }
    }

    private static async Task<(HttpStatusCode Status, JsonNode Body)> PostAsync(AutoglmServe server, string path, object request)
    {
        using HttpResponseMessage response = await server.Http.PostAsJsonAsync(path, request, TestContext.Current.CancellationToken);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!);
    }
}
