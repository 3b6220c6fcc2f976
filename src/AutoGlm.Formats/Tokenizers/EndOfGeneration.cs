namespace AutoGlm.Formats.Tokenizers;

/// <summary>Which tokens end a generation: those the file names, and those that published models are known to end a turn with.</summary>
internal static class EndOfGeneration
{
    private static readonly string[] _known =
    [
        "<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>", "<end_of_turn>",
        "<|endoftext|>", "<|end_of_text|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "<end_of_utterance>", "<turn|>",
        "<｜end▁of▁sentence｜>", "[e~[", "<|user|>", "<|observation|>",
    ];

    // As plain added tokens these are markup: Gemma's vocabulary has HTML's strike-through.
    private static readonly string[] _knownIfSpecial = ["</s>", "<eos>"];

    public static IReadOnlySet<int> Find(SpecialTokens special, Func<string, int?> find, Func<int, bool> isAdded, Func<int, bool> isSpecial)
    {
        var ends = new HashSet<int>(special.Ends);
        if (special.Eos is { } eos) ends.Add(eos);
        foreach (string text in _known)
        {
            if (find(text) is { } id && isAdded(id)) ends.Add(id);
        }

        foreach (string text in _knownIfSpecial)
        {
            if (find(text) is { } id && isSpecial(id)) ends.Add(id);
        }

        // In the Harmony format <|end|> ends a message, and more messages of the same turn follow.
        bool harmony = Ends("<|return|>") && Ends("<|call|>");
        bool solar = Ends("<|calls|>") && Ends("<|flush|>");
        if (harmony || solar) Drop("<|end|>");
        // Where a role opens with <|user|>, it ends an answer only if the family's turns have no end of their own.
        if (Ends("<|end|>") || Ends("<|im_end|>") || Ends("<|eot_id|>") || !Ends("<|observation|>"))
        {
            Drop("<|user|>");
            Drop("<|observation|>");
        }

        return ends;

        bool Ends(string text) => find(text) is { } id && ends.Contains(id);

        void Drop(string text)
        {
            if (find(text) is { } id && id != special.Eos && !special.Ends.Contains(id)) ends.Remove(id);
        }
    }
}
