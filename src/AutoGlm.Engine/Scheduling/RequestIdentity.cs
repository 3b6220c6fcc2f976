using AutoGlm.Engine.Sampling;

namespace AutoGlm.Engine.Scheduling;

/// <summary>
/// Whether two requests are certain to have the same answer: same tenant, prompt and options, and tokens chosen without chance, or
/// by the same seed. Who waits how urgently is no part of it.
/// </summary>
internal sealed class RequestIdentity : IEquatable<RequestIdentity>
{
    private readonly GenerationRequest _request;
    private readonly SamplingOptions _sampling;
    private readonly GenerationRequest _rest;
    private readonly int _hash;

    private RequestIdentity(GenerationRequest request, SamplingOptions sampling)
    {
        _request = request;
        _sampling = sampling.Temperature == 0 ? sampling with { Seed = null } : sampling;
        // Whatever else a request holds, now or later, is compared as its record compares it.
        _rest = request with { Prompt = [], StopTexts = [], Sampling = null, Priority = 0, Deadline = null, Cache = KvCache.CacheRetention.Default };
        HashCode hash = default;
        hash.Add(request.Tenant);
        hash.Add(request.MaxTokens);
        foreach (int token in request.Prompt) hash.Add(token);
        _hash = hash.ToHashCode();
    }

    /// <summary>Null where chance decides the answer.</summary>
    public static RequestIdentity? Of(GenerationRequest request, SamplingOptions sampling) =>
        sampling.Temperature == 0 || sampling.Seed is not null ? new RequestIdentity(request, sampling) : null;

    public bool Equals(RequestIdentity? other) =>
        other is not null
        && _hash == other._hash
        && _request.Prompt.SequenceEqual(other._request.Prompt)
        && _request.StopTexts.SequenceEqual(other._request.StopTexts)
        && SameSampling(_sampling, other._sampling)
        && _rest with { Prompt = other._rest.Prompt, StopTexts = other._rest.StopTexts } == other._rest;

    public override bool Equals(object? obj) => Equals(obj as RequestIdentity);

    public override int GetHashCode() => _hash;

    private static bool SameSampling(SamplingOptions one, SamplingOptions other)
    {
        IReadOnlyDictionary<int, float>? mine = one.LogitBias, theirs = other.LogitBias;
        if (one with { LogitBias = theirs } != other) return false;
        if (mine is null || theirs is null) return (mine?.Count ?? 0) == (theirs?.Count ?? 0);
        return mine.Count == theirs.Count && mine.All(bias => theirs.TryGetValue(bias.Key, out float same) && same == bias.Value);
    }
}
