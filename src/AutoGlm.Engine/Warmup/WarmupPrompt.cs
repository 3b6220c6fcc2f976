using System.Text.Json;
using AutoGlm.Formats.Chat;

namespace AutoGlm.Engine.Warmup;

/// <summary>A beginning to compute before anyone asks: a text, or a conversation.</summary>
public sealed record WarmupPrompt
{
    private const long MostBytes = 64L << 20;

    /// <summary>A text; null for a conversation.</summary>
    public string? Text { get; init; }

    /// <summary>A conversation, rendered by the model's chat template; null for a text.</summary>
    public IReadOnlyList<ChatTurn>? Messages { get; init; }

    /// <summary>Whose: as in <see cref="GenerationRequest.Tenant"/>.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>
    /// Reads a file with a JSON object a line: <c>{"prompt": "…"}</c> or <c>{"messages": [{"role": "…", "content": "…"}]}</c>, each
    /// with a <c>"tenant"</c> if it is someone's. Empty lines are skipped.
    /// </summary>
    /// <exception cref="InvalidDataException">A line is something else; the message names file, line and field.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyList<WarmupPrompt> ReadFile(string path)
    {
        if (new FileInfo(path) is { Exists: true, Length: > MostBytes } file) throw new InvalidDataException($"{path} has {file.Length:N0} bytes; a file of warm-up prompts has at most {MostBytes:N0}.");
        List<WarmupPrompt> prompts = [];
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line)) prompts.Add(Parse(line, $"{path}, line {number}"));
        }

        return prompts;
    }

    private static WarmupPrompt Parse(string line, string where)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object) throw new InvalidDataException($"{where}: there should be a JSON object.");
            string tenant = TextOf(root, "tenant", where) ?? "";
            string? text = TextOf(root, "prompt", where);
            if (text is not null) return new WarmupPrompt { Text = text, Tenant = tenant };
            if (!root.TryGetProperty("messages", out JsonElement messages) || messages.ValueKind != JsonValueKind.Array)
                throw new InvalidDataException($"{where}: there should be a \"prompt\" text or a \"messages\" list.");
            List<ChatTurn> turns = [];
            foreach (JsonElement message in messages.EnumerateArray())
            {
                if (message.ValueKind != JsonValueKind.Object || TextOf(message, "role", where) is not { } role || TextOf(message, "content", where) is not { } content)
                    throw new InvalidDataException($"{where}, messages[{turns.Count}]: there should be a \"role\" and a \"content\" text.");
                turns.Add(new ChatTurn(role, content));
            }

            return new WarmupPrompt { Messages = turns, Tenant = tenant };
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{where}: {error.Message}", error);
        }
    }

    private static string? TextOf(JsonElement element, string field, string where)
    {
        if (!element.TryGetProperty(field, out JsonElement value)) return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw new InvalidDataException($"{where}: \"{field}\" should be a text.");
    }
}
