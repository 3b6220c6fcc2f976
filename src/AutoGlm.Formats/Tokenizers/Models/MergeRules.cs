namespace AutoGlm.Formats.Tokenizers;

/// <summary>Says whether two neighbouring symbols merge, and how urgent that is.</summary>
internal interface IMergeRule
{
    /// <param name="left">Token id of the left symbol, or -1 where it has none.</param>
    /// <param name="right">Token id of the right symbol, or -1.</param>
    /// <param name="text">The bytes of both.</param>
    /// <param name="rank">The smaller, the earlier.</param>
    /// <param name="merged">Token id of both together.</param>
    bool TryMerge(int left, int right, ReadOnlySpan<byte> text, out uint rank, out int merged);
}

/// <summary>Merges by a list of pairs (GPT-2's byte-pair encoding).</summary>
internal readonly struct RankedMerges(MergeTable table) : IMergeRule
{
    public bool TryMerge(int left, int right, ReadOnlySpan<byte> text, out uint rank, out int merged) =>
        table.TryGet(left, right, out rank, out merged);
}

/// <summary>Merges whatever together is a token, best score first (SentencePiece's BPE as llama.cpp runs it).</summary>
internal readonly struct ScoredMerges(Vocabulary vocabulary) : IMergeRule
{
    public bool TryMerge(int left, int right, ReadOnlySpan<byte> text, out uint rank, out int merged)
    {
        merged = vocabulary.Find(text);
        rank = merged < 0 ? 0 : Rank(vocabulary.Score(merged));
        return merged >= 0;
    }

    /// <summary>Maps scores to numbers that order the other way round.</summary>
    private static uint Rank(float score)
    {
        uint bits = BitConverter.SingleToUInt32Bits(score == 0 ? 0f : score);
        uint ascending = (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
        return ~ascending;
    }
}
