using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;

namespace AutoGlm.Server.Http;

/// <summary>A request's JSON body, read whole and checked before any of it is looked at.</summary>
internal static class RequestBody
{
    /// <summary>Levels of arrays and objects that a body may nest.</summary>
    public const int MaxDepth = 64;

    private const int FirstCapacity = 64 << 10;
    private const int PieceLength = 16 << 10;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    /// <exception cref="ApiException">The body is empty, no JSON, no UTF-8, too deep, or no object.</exception>
    /// <exception cref="BadHttpRequestException">It is too large, came too slowly, or not whole.</exception>
    public static async Task<JsonFields> ReadAsync(HttpContext context)
    {
        RefuseOtherTypes(context.Request);
        byte[] bytes = await ReadAllAsync(context);
        if (bytes.Length == 0) throw ApiException.Invalid(null, "The body is empty; send a JSON object.", "invalid_json");
        if (!Utf8.IsValid(bytes)) throw ApiException.Invalid(null, $"The body is not valid UTF-8 from byte {FirstInvalid(bytes)} on; JSON is UTF-8.", "invalid_utf8");
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(bytes, Options);
        }
        catch (JsonException error)
        {
            throw ApiException.Invalid(null, $"The body is not valid JSON: {error.Message}", "invalid_json");
        }

        // Its memory is the array above, the collector's: nothing to give back.
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            throw ApiException.Invalid(null, $"The body is {JsonFields.Describe(document.RootElement)}; it should be a JSON object.", "invalid_json");
        return new JsonFields(document.RootElement, "");
    }

    /// <summary>What is sent is not said to be JSON.</summary>
    public static ApiException UnsupportedType() => new(StatusCodes.Status415UnsupportedMediaType, "The body's type should be JSON: send the header 'Content-Type: application/json'.", code: "unsupported_media_type");

    private static void RefuseOtherTypes(HttpRequest request)
    {
        if (request.ContentType is not null && !request.HasJsonContentType()) throw UnsupportedType();
    }

    /// <summary>
    /// As a stream: that leaves no read pending when the client goes away in the middle, as the pipe does. Sizes are checked as it comes,
    /// so what the client says of its length is a hint alone.
    /// </summary>
    private static async Task<byte[]> ReadAllAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        using MemoryStream whole = new((int)Math.Clamp(request.ContentLength ?? 0, 0, FirstCapacity));
        LargeBodies large = context.RequestServices.GetRequiredService<LargeBodies>();
        large.Hurry(context);
        byte[] buffer = new byte[PieceLength];
        bool isLarge = false;
        while (await request.Body.ReadAsync(buffer, context.RequestAborted) is > 0 and int read)
        {
            if (!isLarge && (isLarge = whole.Length + read > LargeBodies.LeastBytes)) await large.EnterAsync(context);
            whole.Write(buffer, 0, read);
        }

        return whole.ToArray();
    }

    private static int FirstInvalid(ReadOnlySpan<byte> bytes)
    {
        for (int at = 0; at < bytes.Length;)
        {
            if (System.Text.Rune.DecodeFromUtf8(bytes[at..], out _, out int length) != OperationStatus.Done) return at;
            at += length;
        }

        return bytes.Length;
    }
}
