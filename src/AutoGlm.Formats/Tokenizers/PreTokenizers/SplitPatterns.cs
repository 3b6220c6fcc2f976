namespace AutoGlm.Formats.Tokenizers;

/// <summary>The regular expressions by which model families cut text, as their tokenizer files state them.</summary>
internal static class SplitPatterns
{
    private const string Contraction = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
    private const string Spaces = @"|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Upper = @"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]";
    private const string Lower = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
    private const string UpperNotHan = @"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]";
    private const string LowerNotHan = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]";
    private const string Lead = @"[^\r\n\p{L}\p{N}]?";
    private const string Symbols = @"| ?[^\s\p{L}\p{N}]+[\r\n]*";
    private const string SymbolsOrSlash = @"| ?[^\s\p{L}\p{N}]+[\r\n/]*";

    /// <summary>GPT-2.</summary>
    public const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>Llama 3, cl100k, GLM-4: numbers in threes.</summary>
    public const string Llama3 = Contraction + "|" + Lead + @"\p{L}+|\p{N}{1,3}" + Symbols + Spaces;

    /// <summary>Qwen 2 and 3: digit by digit.</summary>
    public const string Qwen2 = Contraction + "|" + Lead + @"\p{L}+|\p{N}" + Symbols + Spaces;

    /// <summary>Qwen 3.5: marks belong to words.</summary>
    public const string Qwen35 = Contraction + "|" + Lead + @"[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*" + Spaces;

    /// <summary>o200k: GPT-4o, gpt-oss, Llama 4.</summary>
    public const string Gpt4o = Lead + Upper + "*" + Lower + "+" + Contraction + "?|" + Lead + Upper + "+" + Lower + "*" + Contraction
        + @"?|\p{N}{1,3}" + SymbolsOrSlash + Spaces;

    /// <summary>Tekken: Mistral NeMo and later.</summary>
    public const string Tekken = Lead + Upper + "*" + Lower + "+|" + Lead + Upper + "+" + Lower + @"*|\p{N}" + SymbolsOrSlash + Spaces;

    public const string KimiK2 = @"\p{Han}+|" + Lead + UpperNotHan + "*" + LowerNotHan + "+" + Contraction + "?|" + Lead + UpperNotHan + "+"
        + LowerNotHan + "*" + Contraction + @"?|\p{N}{1,3}" + Symbols + Spaces;

    /// <summary>DeepSeek V3's third step.</summary>
    public const string DeepSeek3 = AsciiSymbol + @"[A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*" + Spaces;

    public const string Spark = AsciiSymbol + @"[A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+|[\r\n]|\s+(?!\S)|\s+";

    /// <summary>DeepSeek V3's second step: Han and Kana.</summary>
    public const string HanKana = @"[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+";

    /// <summary>DeepSeek LLM's letters: those of alphabets with case, at the Unicode version of its training.</summary>
    public const string DeepSeekLetters = @"\s?[A-Za-z\u00B5\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u01BA\u01BC-\u01BF\u01C4-\u0293\u0295-\u02AF\u0370-\u0373"
        + @"\u0376\u0377\u037B-\u037D\u037F\u0386\u0388-\u038A\u038C\u038E-\u03A1\u03A3-\u03F5\u03F7-\u0481\u048A-\u052F\u0531-\u0556"
        + @"\u10A0-\u10C5\u13A0-\u13F5\u13F8-\u13FD\u1C90-\u1CBA\u1CBD-\u1CBF\u1D00-\u1D2B\u1D6B-\u1D77\u1D79-\u1D9A\u1E00-\u1F15"
        + @"\u1F18-\u1F1D\u1F20-\u1F45\u1F48-\u1F4D\u1F50-\u1F57\u1F59\u1F5B\u1F5D\u1F5F-\u1F7D\u1F80-\u1FB4\u1FB6-\u1FBC\u1FBE"
        + @"\u1FC2-\u1FC4\u1FC6-\u1FCC\u1FD0-\u1FD3\u1FD6-\u1FDB\u1FE0-\u1FEC\u1FF2-\u1FF4\u1FF6-\u1FFC\u2102\u2107\u210A-\u2113\u2115"
        + @"\u2119-\u211D\u2124\u2126\u2128\u212A-\u212D\u212F-\u2134\u2139\u213C-\u213F\u2145-\u2149\u214E\u2183\u2184\u2C00-\u2C7B"
        + @"\u2C7E-\u2CE4\u2CEB-\u2CEE\u2CF2\u2CF3\uA640-\uA66D\uA680-\uA69B\uA722-\uA76F\uA771-\uA787\uA78B-\uA78E\uAB70-\uABBF"
        + @"\uFB00-\uFB06\uFB13-\uFB17\uFF21-\uFF3A\uFF41-\uFF5A\x{10400}-\x{1044F}\x{104B0}-\x{104D3}\x{104D8}-\x{104FB}"
        + @"\x{10C80}-\x{10CB2}\x{10CC0}-\x{10CF2}\x{118A0}-\x{118DF}\x{1E900}-\x{1E943}]+";

    public const string DeepSeekPunctuation = @"\s?[!-/:-~\uFF01-\uFF0F\uFF1A-\uFF5E\u2018-\u201F\u3000-\u3002]+";

    /// <summary>DeepSeek LLM's and Coder's East Asian runs.</summary>
    public const string DeepSeekEastAsian = @"[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF]+";

    public const string Bloom = @" ?[^(\s|.,!?\u2026\u3002\uFF0C\u3001\u0964\u06D4\u060C)]+";

    public const string Jais2 = Contraction + "|" + Lead + @"\p{L}+|\p{N}{1,3}" + Symbols + @"|\s*[\r\n]+|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)"
        + @"|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}";

    public const string YoutuRuns = @"[\uAC00-\uD7A3\u3131-\u318E]+|[\uFF01\u2026\u201C\u201D\u2018\u2019\u2014\uFF1A\uFF1B\uFF0C\u3001-\u303F\uFE30-\uFE4F]+"
        + @"|[\u3105-\u312F]+|[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+";

    public const string Youtu = Lead + Upper + "*" + Lower + "+" + Contraction + "?|" + Lead + Upper + "+" + Lower + "*" + Contraction
        + @"?|\p{N}" + SymbolsOrSlash + Spaces;

    public const string GraniteEmbedding = Lead + @"[\p{L}\p{M}&&[^a-z]]*[\p{L}\p{M}&&[^A-Z]]+" + Contraction + "?|" + Lead
        + @"[\p{L}\p{M}&&[^a-z]]+[\p{L}\p{M}&&[^A-Z]]*" + Contraction + @"?|\p{N}{1,3}" + SymbolsOrSlash + Spaces;

    public const string BailingMoe = "'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])|" + Lead + @"\p{L}+|\p{N}" + Symbols + @"|\s*[\r\n]|\s+(?!\S)|\s+";

    public const string SeedCoder = Contraction + "|" + Lead + @"\p{L}+|\p{N}| ?[^\s\p{L}\p{N}\r\n]+" + Spaces;

    public const string NoContractions = Lead + @"\p{L}+|\p{N}" + Symbols + Spaces;

    public const string MiniCpm5 = Contraction + "|" + Lead + @"\p{L}+|\p{N}+" + Symbols + Spaces;

    public const string ExaoneMoe = Contraction + "|" + Lead + @"(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+";

    public const string Lines = @"[^\n]+|\n+";

    public const string FalconPunctuation = @"[\p{P}\$\+<=>\^~\|`]+";

    public const string DefaultPunctuation = @"[\p{P}\$\+<=>\^~\|]+";

    private const string AsciiSymbol = @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]";
}
