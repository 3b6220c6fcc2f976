namespace AutoGlm.Formats.Tokenizers;

/// <summary>What a name in GGUF's <c>tokenizer.ggml.pre</c> stands for.</summary>
internal sealed record KnownPreTokenizer
{
    private static readonly KnownPreTokenizer[] _all =
    [
        new("default") { Patterns = [SplitPatterns.DefaultPunctuation, SplitPatterns.Gpt2, @"\p{N}+", "[0-9][0-9][0-9]"] },
        new("gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling", "exaone4", "jina-es", "jina-de", "jina-v1-en",
            "jina-v2-es", "jina-v2-de", "jina-v2-code", "roberta-bpe", "gigachat", "a.x-4.0", "mellum", "modern-bert")
        {
            Patterns = [SplitPatterns.Gpt2],
        },
        new("smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2", "granite")
        {
            Patterns = [@"\p{N}", SplitPatterns.Gpt2],
        },
        new("llama-bpe", "llama3", "llama-v3", "smollm3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano")
        {
            Patterns = [SplitPatterns.Llama3],
            IgnoreMerges = true,
            AddBos = true,
        },
        new("dbrx", "smaug-bpe", "chatglm-bpe", "glm4", "olmo2", "dolma2", "phi-4", "cl100k") { Patterns = [SplitPatterns.Llama3] },
        new("qwen2", "qwen3", "deepseek-r1-qwen", "stablelm2", "hunyuan", "solar-open", "megrez", "kormo", "f2llmv2", "grok-2")
        {
            Patterns = [SplitPatterns.Qwen2],
        },
        new("qwen35") { Patterns = [SplitPatterns.Qwen35] },
        new("gpt-4o", "o200k", "gpt-oss", "llama4", "kanana2", "talkie", "minimax-m2") { Patterns = [SplitPatterns.Gpt4o] },
        new("tekken") { Patterns = [SplitPatterns.Tekken], IgnoreMerges = true, AddBos = true },
        new("deepseek-llm")
        {
            Patterns =
            [
                @"[\r\n]", SplitPatterns.DeepSeekLetters, SplitPatterns.DeepSeekPunctuation, @"\s+$", SplitPatterns.DeepSeekEastAsian, @"\p{N}+",
            ],
        },
        new("deepseek-coder") { Patterns = [@"[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", SplitPatterns.DeepSeekEastAsian, @"\p{N}"] },
        new("deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4") { Patterns = [@"\p{N}{1,3}", SplitPatterns.HanKana, SplitPatterns.DeepSeek3] },
        new("spark2_5") { Patterns = [@"\p{N}{1,3}", SplitPatterns.HanKana, SplitPatterns.Spark, @"\p{N}"] },
        new("falcon") { Patterns = [SplitPatterns.FalconPunctuation, SplitPatterns.Gpt2, "[0-9][0-9][0-9]"] },
        new("bloom", "poro-chat", "gpt3-finnish") { Patterns = [SplitPatterns.Bloom] },
        new("viking") { Patterns = [SplitPatterns.Bloom, @"\p{N}"] },
        new("jais-2") { Patterns = [SplitPatterns.Jais2] },
        new("youtu") { Patterns = [SplitPatterns.YoutuRuns, SplitPatterns.Youtu], IgnoreMerges = true },
        new("kimi-k2") { Patterns = [SplitPatterns.KimiK2] },
        new("granite-embed-multi-97m") { Patterns = [SplitPatterns.GraniteEmbedding], IgnoreMerges = true },
        new("tiny_aya", "cohere2moe") { First = new DigitGroupsPreTokenizer(atWordEnd: true), Patterns = [SplitPatterns.Gpt4o] },
        new("superbpe") { First = new DigitGroupsPreTokenizer(atWordEnd: false), Patterns = [@"\p{N}+"] },
        new("bailingmoe", "bailingmoe2", "llada-moe") { Patterns = [SplitPatterns.BailingMoe] },
        new("seed-coder") { Patterns = [SplitPatterns.SeedCoder] },
        new("ufakzeka") { Patterns = [SplitPatterns.NoContractions] },
        new("minicpm5") { Patterns = [@"\p{N}{1,3}", SplitPatterns.MiniCpm5], IgnoreMerges = true },
        new("exaone-moe") { Patterns = [SplitPatterns.ExaoneMoe] },
        new("laguna") { Patterns = [SplitPatterns.Lines, SplitPatterns.Qwen2] },
        new("chameleon")
        {
            Patterns =
            [
                "<sentinel:[0-9]+>", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z", @"([\t\n]|    |  )", @"\p{N}", @"[\p{P}!-/:-@\[-`{-~]", SplitPatterns.Gpt2,
            ],
            AddBos = true,
        },
        new("gemma4", "granite-embed-multi-311m") { Patterns = [SplitPatterns.Lines], CharacterLevel = true, AddBos = true },
        new("sarvam-moe") { Patterns = [SplitPatterns.Lines], CharacterLevel = true },
    ];

    private KnownPreTokenizer(params string[] names) => Names = names;

    public string[] Names { get; }

    /// <summary>Each cuts what the ones before it left.</summary>
    public string[] Patterns { get; init; } = [];

    /// <summary>Runs before the patterns.</summary>
    public PreTokenizer? First { get; init; }

    /// <summary>A piece that is a token is that token, whatever the merges say.</summary>
    public bool IgnoreMerges { get; init; }

    /// <summary>Begin of text is added where the file does not say.</summary>
    public bool AddBos { get; init; }

    /// <summary>The vocabulary is of characters with visible spaces, not of bytes.</summary>
    public bool CharacterLevel { get; init; }

    public static IEnumerable<string> AllNames => _all.SelectMany(known => known.Names);

    public static KnownPreTokenizer? Find(string name) => Array.Find(_all, known => known.Names.Contains(name));

    public IReadOnlyList<PreTokenizer> Build()
    {
        IEnumerable<PreTokenizer> splits = Patterns.Select(PreTokenizerCache.Split);
        return First is null ? [.. splits] : [First, .. splits];
    }
}
