namespace AutoGlm.Formats.Tokenizers;

/// <summary>Cuts where a regular expression matches; with <paramref name="invert"/>, what it does not match is the delimiter.</summary>
internal sealed class SplitPreTokenizer(CodePointRegex regex, SplitBehavior behavior, bool invert) : PreTokenizer
{
    public CodePointRegex Regex => regex;

    public override void Split(ReadOnlySpan<byte> text, bool atStart, PieceSink next)
    {
        RegexMemory memory = next.Memory;
        memory.Reset();
        // Isolated keeps every part as it is, so nothing has to be gathered first: the way of nearly every tokenizer.
        if (behavior == SplitBehavior.Isolated)
        {
            int done = 0;
            while (regex.Find(text, done, memory, out int start, out int end))
            {
                next.Emit(text[done..start], atStart && done == 0);
                next.Emit(text[start..end], atStart && start == 0);
                done = end;
            }

            next.Emit(text[done..], atStart && done == 0);
            return;
        }

        var parts = new List<Part>();
        int from = 0;
        while (regex.Find(text, from, memory, out int start, out int end))
        {
            if (start > from) parts.Add(new Part(from, start, invert));
            parts.Add(new Part(start, end, !invert));
            from = end;
        }

        if (from < text.Length) parts.Add(new Part(from, text.Length, invert));
        foreach (Part part in Merge(parts)) next.Emit(text[part.Start..part.End], atStart && part.Start == 0);
    }

    private List<Part> Merge(List<Part> parts)
    {
        var merged = new List<Part>(parts.Count);
        foreach (Part part in parts)
        {
            Part? previous = merged.Count > 0 ? merged[^1] : null;
            bool joins = previous is { } before && behavior switch
            {
                SplitBehavior.MergedWithPrevious => part.IsDelimiter && !before.IsDelimiter,
                SplitBehavior.MergedWithNext => before.IsDelimiter && !part.IsDelimiter,
                SplitBehavior.Contiguous => part.IsDelimiter == before.IsDelimiter,
                _ => false,
            };
            if (joins) merged[^1] = new Part(previous!.Value.Start, part.End, part.IsDelimiter);
            else if (behavior != SplitBehavior.Removed || !part.IsDelimiter) merged.Add(part);
        }

        return merged;
    }

    private readonly record struct Part(int Start, int End, bool IsDelimiter);
}
