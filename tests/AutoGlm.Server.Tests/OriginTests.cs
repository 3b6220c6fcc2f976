using System.Net;

namespace AutoGlm.Server.Tests;

/// <summary>Web pages of other origins: those that were allowed may use the server, others not.</summary>
public class OriginTests
{
    private const string Good = "http://good.example";

    [Fact]
    public async Task Pages_that_are_allowed_may_ask_and_see_errors()
    {
        await using AutoGlmServer server = await AutoGlmServer.ListenAsync(ServerFixture.Options with { ApiKeys = ["right"], CorsOrigins = [Good] });
        using HttpClient http = ServerFixture.ClientOf(server);

        using HttpResponseMessage preflight = await http.SendAsync(Request(HttpMethod.Options, Good));
        using HttpResponseMessage unauthorised = await http.SendAsync(Request(HttpMethod.Get, Good));
        using HttpResponseMessage otherPreflight = await http.SendAsync(Request(HttpMethod.Options, "http://evil.example"));
        using HttpResponseMessage other = await http.SendAsync(Request(HttpMethod.Get, "http://evil.example"));

        Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
        Assert.Equal(Good, Assert.Single(preflight.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.Contains("authorization", string.Join(',', preflight.Headers.GetValues("Access-Control-Allow-Headers")), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(HttpStatusCode.Unauthorized, unauthorised.StatusCode);
        Assert.Equal(Good, Assert.Single(unauthorised.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.False(otherPreflight.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.Equal(HttpStatusCode.Forbidden, other.StatusCode);
        Assert.False(other.Headers.Contains("Access-Control-Allow-Origin"));
    }

    private static HttpRequestMessage Request(HttpMethod method, string origin)
    {
        HttpRequestMessage request = new(method, "/v1/models");
        request.Headers.Add("Origin", origin);
        if (method != HttpMethod.Options) return request;
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "authorization,content-type");
        return request;
    }
}
