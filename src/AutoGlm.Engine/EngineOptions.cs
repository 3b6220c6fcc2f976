using AutoGlm.Graph.Execution;

namespace AutoGlm.Engine;

/// <summary>How an engine is set up. The defaults just work.</summary>
public sealed record EngineOptions
{
    /// <summary>Longest prompt plus answer in tokens; null for what the model was made for, 8,192 at most.</summary>
    public int? Context { get; init; }

    /// <summary>Threads that compute; null for one on each physical core.</summary>
    public int? Threads { get; init; }

    /// <summary>Instruction set: auto, scalar, vector128, avx2 or avx512.</summary>
    public string Isa { get; init; } = "auto";

    /// <summary>How keys and values are stored.</summary>
    public KvType KvType { get; init; } = KvType.F16;

    /// <summary>Bytes for the KV cache; null for four contexts, within a quarter of the memory there is.</summary>
    public long? KvMemory { get; init; }

    /// <summary>Tokens of a KV block: what prompts share is found in steps of this size.</summary>
    public int BlockTokens { get; init; } = 16;

    /// <summary>Most tokens computed in one step: a long prompt goes in chunks of this size, so that running answers go on.</summary>
    public int BatchTokens { get; init; } = 512;

    /// <summary>Most sequences that run together; more wait.</summary>
    public int MaxSequences { get; init; } = 64;

    /// <summary>Graph passes (<see cref="Graph.Passes.GraphOptimizer"/>) and CPU plan passes (<see cref="Cpu.PlanPasses"/>) to leave out, by name.</summary>
    public IReadOnlyCollection<string> WithoutPasses { get; init; } = [];

    /// <summary>True to hold weights as float32, whatever the file stores (for measuring what quantised weights bring).</summary>
    public bool FullPrecisionWeights { get; init; }

    /// <summary>True to run by definition instead of fast: one thread, no vector instructions (for checking).</summary>
    public bool Reference { get; init; }

    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    internal void Validate()
    {
        void Check(string field, long? value, long least, long most)
        {
            if (value < least || value > most) throw new ArgumentOutOfRangeException(field, value, $"{field} should be between {least} and {most}.");
        }

        Check(nameof(Context), Context, 1, 1 << 24);
        Check(nameof(Threads), Threads, 1, 64);
        Check(nameof(KvMemory), KvMemory, 1, long.MaxValue);
        Check(nameof(BlockTokens), BlockTokens, 1, 1024);
        Check(nameof(BatchTokens), BatchTokens, 1, 1 << 16);
        Check(nameof(MaxSequences), MaxSequences, 1, 1 << 16);
    }
}
