using AutoGlm.Server.Http;

namespace AutoGlm.Server.Protocol;

/// <summary>The KV cache at one moment, and what it has given since the start.</summary>
/// <param name="Policy">Which content goes first.</param>
/// <param name="Blocks">Blocks there are.</param>
/// <param name="BlocksUsed">Of running answers.</param>
/// <param name="BlocksCached">That hold content nobody uses at the moment.</param>
/// <param name="BlocksBlank">Without content.</param>
/// <param name="BlocksTouched">That have held content since the start: a host takes memory for these alone.</param>
/// <param name="BlockTokens">Tokens of a block.</param>
/// <param name="BlockBytes">Bytes of a block.</param>
/// <param name="Lookups">Prompts looked up.</param>
/// <param name="Misses">Of which nothing was there.</param>
/// <param name="HitTokens">Prompt tokens that were, by tier.</param>
/// <param name="Evictions">Blocks given up, by cause.</param>
public sealed record CacheState(
    string Policy,
    int Blocks,
    int BlocksUsed,
    int BlocksCached,
    int BlocksBlank,
    int BlocksTouched,
    int BlockTokens,
    long BlockBytes,
    long Lookups,
    long Misses,
    IReadOnlyDictionary<string, long> HitTokens,
    IReadOnlyDictionary<string, long> Evictions);

/// <summary>What is to be looked up.</summary>
public sealed record CacheFindRequest
{
    internal CacheFindRequest(JsonFields fields) => Prompt = PromptText.Read(fields, "prompt", 1)[0];

    /// <summary>A text or token ids.</summary>
    internal PromptText Prompt { get; }
}

/// <summary>How much of a prompt is cached for the tenant that asks.</summary>
/// <param name="PromptTokens">Its tokens.</param>
/// <param name="CachedTokens">Those that need not be computed, in whole blocks.</param>
public sealed record CacheFind(int PromptTokens, int CachedTokens);

/// <summary>What is to be forgotten: a prefix, or all.</summary>
public sealed record CacheDropRequest
{
    internal CacheDropRequest(JsonFields fields)
    {
        All = fields.Boolean("all") ?? false;
        if (All == fields.Has("prompt")) throw fields.Invalid("prompt", "or \"all\": true should be there, one of the two.");
        Prompt = All ? null : PromptText.Read(fields, "prompt", 1)[0];
    }

    /// <summary>True for everything of the tenant that asks.</summary>
    public bool All { get; }

    /// <summary>Forget what begins with it: a text or token ids.</summary>
    internal PromptText? Prompt { get; }
}

/// <summary>What a dropped prefix has freed.</summary>
/// <param name="DroppedBlocks">Blocks forgotten.</param>
public sealed record CacheDrop(int DroppedBlocks);
