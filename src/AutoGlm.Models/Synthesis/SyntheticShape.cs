namespace AutoGlm.Models.Synthesis;

/// <summary>The dimensions of a model that is to be made up, after a published one.</summary>
public sealed record SyntheticShape
{
    public required string Name { get; init; }

    /// <summary>GGUF architecture: llama, qwen2 or glm4.</summary>
    public required string Architecture { get; init; }

    public required int Layers { get; init; }

    public required int Width { get; init; }

    public required int Heads { get; init; }

    public required int KvHeads { get; init; }

    public required int HeadWidth { get; init; }

    /// <summary>Width of the feed-forward network.</summary>
    public required int Hidden { get; init; }

    public required int Vocabulary { get; init; }

    /// <summary>The token embedding is the output head too.</summary>
    public bool Tied { get; init; }

    public int Context { get; init; } = 8192;

    public float RopeBase { get; init; } = 500_000;

    /// <summary>Values of a head that are rotated; all of them where null.</summary>
    public int? RopeWidth { get; init; }

    public float Epsilon { get; init; } = 1e-5f;

    /// <summary>GGUF's name of the pre-tokenizer.</summary>
    public string PreTokenizer { get; init; } = "llama-bpe";

    /// <summary>Query, key and value have a bias.</summary>
    public bool AttentionBias => Architecture is "qwen2" or "glm4";

    /// <summary>Attention and feed-forward are normed after themselves too, and gate and up are one matrix.</summary>
    public bool IsGlm4 => Architecture == "glm4";

    /// <summary>All shapes: SmolLM2-135M, Qwen2.5-0.5B, Llama-3.2-1B and 3B, Llama-3-8B with a small vocabulary, GLM-4-9B-0414.</summary>
    public static IReadOnlyList<SyntheticShape> All { get; } =
    [
        new()
        {
            Name = "135m", Architecture = "llama", Layers = 30, Width = 576, Heads = 9, KvHeads = 3, HeadWidth = 64, Hidden = 1536,
            Vocabulary = 49152, Tied = true, RopeBase = 100_000, PreTokenizer = "smollm",
        },
        new()
        {
            Name = "0.5b", Architecture = "qwen2", Layers = 24, Width = 896, Heads = 14, KvHeads = 2, HeadWidth = 64, Hidden = 4864,
            Vocabulary = 151936, Tied = true, RopeBase = 1_000_000, Epsilon = 1e-6f, Context = 32768, PreTokenizer = "qwen2",
        },
        new()
        {
            Name = "1b", Architecture = "llama", Layers = 16, Width = 2048, Heads = 32, KvHeads = 8, HeadWidth = 64, Hidden = 8192,
            Vocabulary = 128256, Tied = true,
        },
        new()
        {
            Name = "3b", Architecture = "llama", Layers = 28, Width = 3072, Heads = 24, KvHeads = 8, HeadWidth = 128, Hidden = 8192,
            Vocabulary = 128256, Tied = true,
        },
        new()
        {
            Name = "8b", Architecture = "llama", Layers = 32, Width = 4096, Heads = 32, KvHeads = 8, HeadWidth = 128, Hidden = 14336,
            Vocabulary = 32000,
        },
        new()
        {
            Name = "glm4-9b", Architecture = "glm4", Layers = 40, Width = 4096, Heads = 32, KvHeads = 2, HeadWidth = 128, Hidden = 13696,
            Vocabulary = 151552, RopeBase = 10_000, RopeWidth = 64, Context = 32768,
        },
    ];

    /// <summary>The names of all shapes, for messages.</summary>
    public static string Names { get; } = string.Join(' ', All.Select(shape => shape.Name));

    /// <exception cref="ArgumentException">No such shape.</exception>
    public static SyntheticShape Get(string name) =>
        All.FirstOrDefault(shape => shape.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"unknown shape '{name}'; known: {Names}", nameof(name));
}
