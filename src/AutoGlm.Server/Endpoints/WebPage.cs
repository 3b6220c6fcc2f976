namespace AutoGlm.Server.Endpoints;

/// <summary><c>GET /</c>: a page to chat with the model, in one piece.</summary>
internal static class WebPage
{
    /// <summary>The page asks this server and nobody else, and no other page may frame it.</summary>
    private const string Policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly byte[] Html = Read();

    public static Task GetAsync(HttpContext context)
    {
        HttpResponse response = context.Response;
        response.ContentType = "text/html; charset=utf-8";
        response.ContentLength = Html.Length;
        response.Headers.ContentSecurityPolicy = Policy;
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Content-Type-Options"] = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        return response.Body.WriteAsync(Html, context.RequestAborted).AsTask();
    }

    private static byte[] Read()
    {
        using Stream page = typeof(WebPage).Assembly.GetManifestResourceStream("AutoGlm.Server.Web.index.html")!;
        byte[] html = new byte[page.Length];
        page.ReadExactly(html);
        return html;
    }
}
