using AutoGlm.Cpu;
using AutoGlm.Cuda;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Passes;
using AutoGlm.KvCache;
using AutoGlm.KvCache.Eviction;

namespace AutoGlm.Engine;

/// <summary>How an engine is set up. The defaults just work.</summary>
public sealed record EngineOptions
{
    /// <summary>Longest prompt plus answer in tokens; null for what the model was made for, 8,192 at most.</summary>
    public int? Context { get; init; }

    /// <summary>What computes: cpu, cuda (the first NVIDIA card), cuda:N, or auto for a card where there is one.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>
    /// Layers that a card computes, from the first: a number, the processor then computing the rest and the head; or auto, for as
    /// many as it has memory for. Null for the whole model. For a device that is a card.
    /// </summary>
    public string? GpuLayers { get; init; }

    /// <summary>Threads that compute; null for one on each physical core.</summary>
    public int? Threads { get; init; }

    /// <summary>Instruction set: auto, scalar, vector128, avx2, avxvnni, avx512 or avx512vnni.</summary>
    public string Isa { get; init; } = "auto";

    /// <summary>How keys and values are stored.</summary>
    public KvType KvType { get; init; } = KvType.F16;

    /// <summary>Bytes for the KV cache; null for what is free, as <see cref="KvMemoryPlan"/> says.</summary>
    public long? KvMemory { get; init; }

    /// <summary>Tokens of a KV block: what prompts share is found in steps of this size.</summary>
    public int BlockTokens { get; init; } = 16;

    /// <summary>
    /// Most tokens computed in one step: a long prompt goes in chunks of this size, so that running answers go on. Null for what
    /// keeps the device busy: 512, and 2,048 on a card.
    /// </summary>
    public int? BatchTokens { get; init; }

    /// <summary>Most prompt tokens in a step that also carries answers: what bounds how long a long prompt holds them up.</summary>
    public int MixedPromptTokens { get; init; } = 128;

    /// <summary>Most sequences that run together; more wait.</summary>
    public int MaxSequences { get; init; } = 64;

    /// <summary>Most requests that wait; more are refused with <see cref="EngineBusyException"/>.</summary>
    public int MaxWaiting { get; init; } = 512;

    /// <summary>
    /// What a step of <see cref="GenerationRequest.Priority"/> is worth: a request goes before those that came so much earlier.
    /// None is overtaken by requests that come more than 20 such steps and a <see cref="PrefixWindow"/> after it.
    /// </summary>
    public TimeSpan PriorityStep { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How far a request whose prompt is cached goes before others: before those that came so much earlier, where all of it is;
    /// zero keeps the order in which they came.
    /// </summary>
    public TimeSpan PrefixWindow { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>True to let tenants share what is cached. They can then tell by the time it takes whether another has asked the same.</summary>
    public bool ShareAcrossTenants { get; init; }

    /// <summary>True to compute only once what several ask at the same time, where the answer is certain to be the same: greedy, or with a seed.</summary>
    public bool ShareAnswers { get; init; } = true;

    /// <summary>A request waits while at least so many tokens that it begins with are being computed for another; 0 for never.</summary>
    public int PrefixWaitTokens { get; init; } = 32;

    /// <summary>True to keep what was computed for whoever begins alike; false to compute everything anew (for comparing).</summary>
    public bool PrefixCache { get; init; } = true;

    /// <summary>Which cached content goes first: lru, lfu, ttl or lru+ttl.</summary>
    public string CachePolicy { get; init; } = "lru";

    /// <summary>Time to live, under ttl and lru+ttl, of content whose requests named none; and how long a request's cache priority holds.</summary>
    public TimeSpan CacheTtl { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Share of the KV blocks that the sweeper keeps blank: 0 to 1.</summary>
    public double CacheBlankShare { get; init; } = 1.0 / 64;

    /// <summary>Names for <see cref="WithoutPasses"/>: graph passes (<see cref="GraphOptimizer"/>), then those of the CPU's plan (<see cref="PlanPasses"/>) and of a card's (<see cref="CudaPasses"/>).</summary>
    public static IReadOnlyList<string> PassNames { get; } = [.. GraphOptimizer.Passes.Select(pass => pass.Name), .. PlanPasses.All, .. CudaPasses.All];

    /// <summary>Passes to leave out, by name; see <see cref="PassNames"/>.</summary>
    public IReadOnlyCollection<string> WithoutPasses { get; init; } = [];

    /// <summary>True to hold weights as float32, whatever the file stores (for measuring what quantised weights bring).</summary>
    public bool FullPrecisionWeights { get; init; }

    /// <summary>
    /// True to keep weights as the processor reads them in <see cref="WeightCacheFolder"/>, so that the next start maps them instead of
    /// packing them; see <see cref="Cpu.WeightCache"/>. Not for float32 weights made from others.
    /// </summary>
    public bool WeightCache { get; init; } = true;

    /// <summary>The folder for <see cref="WeightCache"/>; null for <c>autoglm/weights</c> in <c>AUTOGLM_CACHE</c> or the user's cache folder.</summary>
    public string? WeightCacheFolder { get; init; }

    /// <summary>Most bytes in the weight cache; null for what <c>AUTOGLM_WEIGHT_CACHE_GIB</c> says, 32 GiB without it.</summary>
    public long? WeightCacheLimit { get; init; }

    /// <summary>True to run by definition instead of fast: one thread, no vector instructions (for checking).</summary>
    public bool Reference { get; init; }

    /// <summary>
    /// Where the engine keeps, from one run to the next, what prompts most often begin with: token ids, readable by their owner
    /// alone. Null keeps nothing.
    /// </summary>
    public string? StateFolder { get; init; }

    /// <summary>How often what is new goes to <see cref="StateFolder"/> while the engine runs: what a process that is killed loses.</summary>
    public TimeSpan StateInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// What one size of prompt or batch may take while kernels are warmed up, before larger ones are left out: a large model on a slow
    /// machine is ready in seconds, not minutes.
    /// </summary>
    public TimeSpan WarmUpPatience { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>What tells the time.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where packed weights are kept; null for nowhere.</summary>
    internal WeightCache? ToWeightCache()
    {
        if (!WeightCache || FullPrecisionWeights || (WeightCacheFolder ?? Cpu.WeightCache.DefaultFolder) is not { } folder) return null;
        return WeightCacheLimit is { } limit ? new WeightCache(folder) { Limit = limit } : new WeightCache(folder);
    }

    /// <summary><see cref="BatchTokens"/>, once a runtime has decided.</summary>
    internal int StepTokens => BatchTokens ?? IBackend.UsualBatchRows;

    internal BlockPoolOptions ToPoolOptions() => new() { Policy = CachePolicy, Ttl = CacheTtl, BlankShare = CacheBlankShare, KeepContent = PrefixCache, Time = Time };

    /// <exception cref="ArgumentException">There is no such cache policy, or no such pass.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    internal void Validate()
    {
        _ = EvictionPolicies.Create(CachePolicy);
        if (WithoutPasses.Except(PassNames).FirstOrDefault() is { } unknown) throw new ArgumentException($"There is no pass '{unknown}'; there are {string.Join(", ", PassNames)}.", nameof(WithoutPasses));
        void Check(string field, long? value, long least, long most)
        {
            if (value < least || value > most) throw new ArgumentOutOfRangeException(field, value, $"{field} should be between {least} and {most}.");
        }

        Check(nameof(Context), Context, 1, 1 << 24);
        Check(nameof(Threads), Threads, 1, 64);
        Check(nameof(KvMemory), KvMemory, 1, long.MaxValue);
        Check(nameof(WeightCacheLimit), WeightCacheLimit, 0, long.MaxValue);
        Check(nameof(BlockTokens), BlockTokens, 1, 1024);
        Check(nameof(BatchTokens), BatchTokens, 1, 1 << 16);
        Check(nameof(MixedPromptTokens), MixedPromptTokens, 1, 1 << 16);
        Check(nameof(MaxSequences), MaxSequences, 1, 1 << 16);
        Check(nameof(MaxWaiting), MaxWaiting, 1, 1 << 20);
        Check(nameof(PrefixWaitTokens), PrefixWaitTokens, 0, 1 << 24);
        if (!(CacheBlankShare is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(CacheBlankShare), CacheBlankShare, $"{nameof(CacheBlankShare)} should be between 0 and 1.");
        Check(nameof(CacheTtl) + ", in milliseconds,", (long)CacheTtl.TotalMilliseconds, 1, (long)TimeSpan.FromDays(365).TotalMilliseconds);
        Check(nameof(StateInterval) + ", in milliseconds,", (long)StateInterval.TotalMilliseconds, 1, (long)TimeSpan.FromDays(1).TotalMilliseconds);
        Check(nameof(PriorityStep) + ", in milliseconds,", (long)PriorityStep.TotalMilliseconds, 0, 3_600_000);
        Check(nameof(PrefixWindow) + ", in milliseconds,", (long)PrefixWindow.TotalMilliseconds, 0, 3_600_000);
    }
}
