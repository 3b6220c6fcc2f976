using System.Text.Json.Nodes;

namespace AutoGlm.Cli.LoadTests;

/// <summary>Where a server's KV blocks are once everybody has been answered.</summary>
/// <param name="Blocks">Blocks there are.</param>
/// <param name="Used">Of running answers; with none running, what leaked.</param>
/// <param name="Cached">With content that nobody uses.</param>
/// <param name="Blank">Without content.</param>
internal sealed record BlockAccount(int Blocks, int Used, int Cached, int Blank)
{
    /// <summary>Bytes of blocks that have been used since the server's start, for which alone it takes memory; 0 where it does not tell.</summary>
    public long TouchedBytes { get; init; }

    /// <summary>True where none is missing and none is held by nobody.</summary>
    public bool Holds => Used == 0 && Cached + Blank == Blocks;

    /// <summary>The account in a server's answer to <c>/v1/cache</c>; null where it has none.</summary>
    public static BlockAccount? Of(JsonNode? cache) =>
        (Count(cache, "blocks"), Count(cache, "blocks_used"), Count(cache, "blocks_cached"), Count(cache, "blocks_blank")) is ({ } blocks, { } used, { } cached, { } blank)
            ? new BlockAccount(blocks, used, cached, blank) { TouchedBytes = (long)(Count(cache, "blocks_touched") ?? 0) * (Count(cache, "block_bytes") ?? 0) }
            : null;

    private static int? Count(JsonNode? node, string name) => (node as JsonObject)?[name] is JsonValue value && value.TryGetValue(out int count) ? count : null;
}
