using AutoGlm.Engine;
using AutoGlm.KvCache;
using AutoGlm.Server.Http;
using AutoGlm.Server.Protocol;

namespace AutoGlm.Server.Endpoints;

/// <summary><c>GET /v1/cache</c>, <c>POST /v1/cache/find</c> and <c>POST /v1/cache/drop</c>.</summary>
internal sealed class CacheEndpoints(Serving serving)
{
    public Task InspectAsync(HttpContext context)
    {
        CacheStatistics cache = serving.Host.ForWork.GetStatistics().Cache;
        CacheState state = new(
            cache.Policy,
            cache.Blocks,
            cache.BlocksInUse,
            cache.BlocksCached,
            cache.BlocksBlank,
            cache.BlocksTouched,
            cache.BlockTokens,
            cache.BlockBytes,
            cache.Lookups,
            cache.Misses,
            cache.Tiers.ToDictionary(tier => tier.Name, tier => tier.HitTokens),
            cache.Evictions.ToDictionary(pair => pair.Key.ToString().ToLowerInvariant(), pair => pair.Value));
        return context.WriteJsonAsync(state, ProtocolJson.Wire.CacheState);
    }

    /// <summary>Tells how much of a prompt is cached for the tenant that asks; never for another.</summary>
    public async Task FindAsync(HttpContext context)
    {
        JsonFields fields = await RequestBody.ReadAsync(context);
        CacheFindRequest request = new(fields);
        serving.TellUnread(context, fields);
        InferenceEngine engine = serving.Host.ForWork;
        IReadOnlyList<int> tokens = request.Prompt.Encode(engine);
        await context.WriteJsonAsync(new CacheFind(tokens.Count, await engine.CountCachedAsync(tokens, Tenant.Of(context))), ProtocolJson.Wire.CacheFind);
    }

    /// <summary>Forgets what begins with a prompt, or everything of the tenant that asks; never another's.</summary>
    public async Task DropAsync(HttpContext context)
    {
        JsonFields fields = await RequestBody.ReadAsync(context);
        CacheDropRequest request = new(fields);
        serving.TellUnread(context, fields);
        InferenceEngine engine = serving.Host.ForWork;
        IReadOnlyList<int> tokens = request.Prompt is { } prompt ? prompt.Encode(engine) : [];
        int dropped = await engine.DropCachedAsync(tokens, Tenant.Of(context));
        await context.WriteJsonAsync(new CacheDrop(dropped), ProtocolJson.Wire.CacheDrop);
    }
}
