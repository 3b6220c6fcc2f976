using System.Buffers.Binary;
using System.Text.Json;
using AutoGlm.Engine;
using AutoGlm.Server.Http;
using AutoGlm.Server.Protocol;

namespace AutoGlm.Server.Endpoints;

/// <summary><c>POST /v1/embeddings</c>.</summary>
internal sealed class Embeddings(Serving serving)
{
    public async Task HandleAsync(HttpContext context)
    {
        JsonFields fields = await RequestBody.ReadAsync(context);
        EmbeddingRequest request = new(fields);
        serving.TellUnread(context, fields);
        serving.Host.CheckModel(request.Model);
        InferenceEngine engine = serving.Host.ForWork;
        int width = engine.EmbeddingWidth;
        if (request.Dimensions > width) throw fields.Invalid("dimensions", $"is {request.Dimensions}; the model's embeddings have {width}.", "out_of_range");
        IReadOnlyList<int>[] inputs = [.. request.Inputs.Select(input => Encode(engine, input))];
        LargeBodyTurn.End(context);
        IReadOnlyList<float[]> vectors = await engine.EmbedAsync(inputs, context.RequestAborted);
        int tokens = inputs.Sum(input => input.Count);
        EmbeddingList list = new(
            [.. vectors.Select((vector, i) => new EmbeddingItem(i, ToJson(Shorten(vector, request.Dimensions), request.EncodingFormat)))],
            serving.Host.ModelId,
            new EmbeddingUsage(tokens, tokens));
        await context.WriteJsonAsync(list, ProtocolJson.Wire.EmbeddingList);
    }

    private static IReadOnlyList<int> Encode(InferenceEngine engine, PromptText input)
    {
        IReadOnlyList<int> tokens = input.Encode(engine);
        if (tokens.Count > engine.Context)
            throw ApiException.Invalid(input.Path, $"{input.Path} has {tokens.Count:N0} tokens, over the context of {engine.Context:N0}; cut it into shorter parts.", "context_length_exceeded");
        return tokens;
    }

    /// <summary>The first numbers of a vector, made of length 1 again (Kusupati et al. 2022).</summary>
    private static float[] Shorten(float[] vector, int? dimensions)
    {
        if (dimensions is not { } count || count == vector.Length) return vector;
        float[] first = vector[..count];
        double length = Math.Sqrt(first.Sum(x => (double)x * x));
        return length > 0 ? [.. first.Select(x => (float)(x / length))] : first;
    }

    private static JsonElement ToJson(float[] vector, string format)
    {
        if (format == "float") return JsonSerializer.SerializeToElement(vector, ProtocolJson.Wire.SingleArray);
        byte[] bytes = new byte[vector.Length * sizeof(float)];
        for (int i = 0; i < vector.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), vector[i]);
        return JsonSerializer.SerializeToElement(Convert.ToBase64String(bytes), ProtocolJson.Wire.String);
    }
}
