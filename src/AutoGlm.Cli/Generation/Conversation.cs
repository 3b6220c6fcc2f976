using System.Text.Json;
using AutoGlm.Cli.Output;
using AutoGlm.Engine;
using AutoGlm.Formats.Chat;

namespace AutoGlm.Cli.Generation;

/// <summary>The messages of a chat. The system message stays; the oldest of the others go when the context is too small for all.</summary>
internal sealed class Conversation(InferenceEngine engine)
{
    private static readonly JsonSerializerOptions Readable = new(JsonOutput.Options) { WriteIndented = true };

    private readonly List<ChatTurn> _turns = [];

    /// <summary>The system message; null for none.</summary>
    public string? System { get; set; }

    /// <summary>Messages but the system message.</summary>
    public int Count => _turns.Count;

    private IReadOnlyList<ChatTurn> Turns => System is null ? _turns : [new ChatTurn("system", System), .. _turns];

    public void AddUser(string text) => _turns.Add(new ChatTurn("user", text));

    public void AddAssistant(string text) => _turns.Add(new ChatTurn("assistant", text));

    /// <summary>Takes the last message back.</summary>
    public void RemoveLast() => _turns.RemoveAt(_turns.Count - 1);

    /// <summary>Forgets all but the system message.</summary>
    public void Reset() => _turns.Clear();

    /// <summary>The prompt for the next answer, after dropping the oldest exchanges that leave no room for it.</summary>
    /// <param name="room">Tokens that the answer should have.</param>
    /// <param name="dropped">Messages that were dropped.</param>
    /// <exception cref="ContextLengthException">The last message alone is too long.</exception>
    public IReadOnlyList<int> Encode(int room, out int dropped)
    {
        dropped = 0;
        while (true)
        {
            IReadOnlyList<int> prompt = engine.EncodeChat(Turns);
            if (prompt.Count + (long)room <= engine.Context) return prompt;
            // Templates want a user's message first, so an answer goes with its question.
            int next = _turns.FindIndex(1, turn => turn.Role == "user");
            if (next < 0) return prompt.Count < engine.Context ? prompt : throw new ContextLengthException(prompt.Count, null, engine.Context);
            _turns.RemoveRange(0, next);
            dropped += next;
        }
    }

    /// <summary>Writes the messages as JSON, in the form that <c>autoglm template --input</c> reads.</summary>
    public void Save(string path)
    {
        var messages = Turns.Select(turn => new { role = turn.Role, content = turn.Content });
        File.WriteAllText(path, JsonSerializer.Serialize(new { messages }, Readable) + "\n");
    }
}
