using AutoGlm.Server.Protocol;

namespace AutoGlm.Server.Answers;

/// <summary>A response and the whole conversation up to its end, so that another can go on from it.</summary>
/// <param name="Response">The response.</param>
/// <param name="Conversation">All messages, its own answer the last; no instructions.</param>
internal sealed record StoredResponse(ModelResponse Response, IReadOnlyList<ChatMessage> Conversation)
{
    private const int MessageOverhead = 128;

    /// <summary>Bytes that it holds on to, about; what it shares with others counts in full.</summary>
    public long Size { get; } = 4096 + Conversation.Sum(message => MessageOverhead + 2L * (message.Content.Length + (message.ReasoningContent?.Length ?? 0) + message.ToolCalls.Sum(call => call.Function.Arguments.Length)))
        + 2L * ((Response.Instructions?.Length ?? 0) + Response.Tools.GetRawText().Length + Response.Text.GetRawText().Length);
}

/// <summary>The responses of each tenant that are remembered, in memory: the oldest go when there are too many, or they are too large.</summary>
/// <param name="options">How many of each tenant, and how large together.</param>
internal sealed class ResponseStore(ServerOptions options)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Shelf> _shelves = new(StringComparer.Ordinal);

    public void Add(string tenant, StoredResponse stored)
    {
        lock (_lock)
        {
            if (!_shelves.TryGetValue(tenant, out Shelf? shelf)) _shelves[tenant] = shelf = new Shelf();
            shelf.Add(stored);
            while (shelf.Count > options.StoredResponses || shelf.Size > options.StoredResponseBytes) shelf.DropOldest();
        }
    }

    /// <summary>One of the tenant's own; null where it is forgotten, or was never there.</summary>
    public StoredResponse? Find(string tenant, string id)
    {
        lock (_lock) return _shelves.GetValueOrDefault(tenant)?.Find(id);
    }

    /// <summary>Forgets one of the tenant's own.</summary>
    /// <returns>False where there is none.</returns>
    public bool Remove(string tenant, string id)
    {
        lock (_lock) return _shelves.GetValueOrDefault(tenant)?.Remove(id) ?? false;
    }

    /// <summary>A tenant's, by id and by age.</summary>
    private sealed class Shelf
    {
        private readonly LinkedList<StoredResponse> _byAge = new();
        private readonly Dictionary<string, LinkedListNode<StoredResponse>> _byId = new(StringComparer.Ordinal);

        public int Count => _byId.Count;

        public long Size { get; private set; }

        public void Add(StoredResponse stored)
        {
            _byId.Add(stored.Response.Id, _byAge.AddLast(stored));
            Size += stored.Size;
        }

        public StoredResponse? Find(string id) => _byId.GetValueOrDefault(id)?.Value;

        public void DropOldest() => Remove(_byAge.First!.Value.Response.Id);

        public bool Remove(string id)
        {
            if (!_byId.Remove(id, out LinkedListNode<StoredResponse>? node)) return false;
            _byAge.Remove(node);
            Size -= node.Value.Size;
            return true;
        }
    }
}
