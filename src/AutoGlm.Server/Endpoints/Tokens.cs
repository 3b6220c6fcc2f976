using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using AutoGlm.Formats.Tokenizers;
using AutoGlm.Server.Http;
using AutoGlm.Server.Protocol;

namespace AutoGlm.Server.Endpoints;

/// <summary><c>POST /tokenize</c> and <c>POST /detokenize</c>, in llama-server's shapes.</summary>
internal sealed class Tokens(Serving serving)
{
    public async Task EncodeAsync(HttpContext context)
    {
        JsonFields fields = await RequestBody.ReadAsync(context);
        TokenizeRequest request = new(fields);
        serving.TellUnread(context, fields);
        Tokenizer tokenizer = serving.Host.ForWork.Tokenizer;
        int[] ids = tokenizer.Encode(request.Content, request.AddSpecial, request.ParseSpecial);
        await context.WriteJsonAsync(new TokenizeResponse(request.WithPieces ? WithPieces(tokenizer, ids) : ToJson(writer => WriteIds(writer, ids))), ProtocolJson.Wire.TokenizeResponse);
    }

    public async Task DecodeAsync(HttpContext context)
    {
        JsonFields fields = await RequestBody.ReadAsync(context);
        DetokenizeRequest request = new(fields);
        serving.TellUnread(context, fields);
        Tokenizer tokenizer = serving.Host.ForWork.Tokenizer;
        int[] ids = [.. request.Tokens];
        int wrong = Array.FindIndex(ids, id => (uint)id >= (uint)tokenizer.VocabularySize);
        if (wrong >= 0) throw ApiException.Invalid("tokens", $"tokens[{wrong}] is {ids[wrong]}; the model's token ids are 0 to {tokenizer.VocabularySize - 1}.", "out_of_range");
        await context.WriteJsonAsync(new DetokenizeResponse(tokenizer.Decode(ids, skipSpecial: false)), ProtocolJson.Wire.DetokenizeResponse);
    }

    /// <summary>A piece that is no whole characters comes as its bytes.</summary>
    private static JsonElement WithPieces(Tokenizer tokenizer, int[] ids) => ToJson(writer =>
    {
        writer.WriteStartArray();
        foreach (int id in ids)
        {
            ReadOnlySpan<byte> bytes = tokenizer.TokenBytes(id);
            writer.WriteStartObject();
            writer.WriteNumber("id", id);
            if (Utf8.IsValid(bytes))
            {
                writer.WriteString("piece", bytes);
            }
            else
            {
                writer.WriteStartArray("piece");
                foreach (byte value in bytes) writer.WriteNumberValue(value);
                writer.WriteEndArray();
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    private static void WriteIds(Utf8JsonWriter writer, int[] ids)
    {
        writer.WriteStartArray();
        foreach (int id in ids) writer.WriteNumberValue(id);
        writer.WriteEndArray();
    }

    private static JsonElement ToJson(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer)) write(writer);
        Utf8JsonReader reader = new(buffer.WrittenSpan);
        return JsonElement.ParseValue(ref reader);
    }
}
