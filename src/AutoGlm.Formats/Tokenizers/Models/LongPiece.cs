namespace AutoGlm.Formats.Tokenizers;

/// <summary>
/// A piece so long that it is merged a window at a time: memory does not grow with it, and its symbols are those that merging all of
/// it at once gives.
/// </summary>
/// <remarks>
/// Merging takes the most urgent pair, the leftmost of equals; so text whose ends no merge crosses merges as if it stood alone. Two
/// texts, each merged by itself, are therefore merged as one if their symbols at the seam, merged together from their beginnings, stay
/// those two: a merge across the seam would be the most urgent there too. Windows overlap, as what is near a window's end may turn out
/// otherwise; where a seam does not hold nevertheless, a wider window begins at the seam before it. A vocabulary made for it can have
/// that happen at seam after seam, again and again: so there is a bound to it.
/// </remarks>
/// <param name="model">What merges.</param>
/// <param name="piece">Well-formed UTF-8, or any bytes for byte-level models.</param>
/// <param name="context">Scratch memory, and where ids go.</param>
/// <param name="windowBytes">Bytes merged at a time.</param>
internal readonly ref struct LongPiece<TRule>(BpeModel<TRule> model, ReadOnlySpan<byte> piece, EncodeContext context, int windowBytes)
    where TRule : struct, IMergeRule
{
    /// <summary>How often bytes may be merged, on average, before all of them are merged at once. Where windows double, twice or three times is enough.</summary>
    private const int MostTimes = 8;

    private readonly ReadOnlySpan<byte> _piece = piece;
    private readonly Stack<Seam> _seams = [];

    /// <summary>A place up to which symbols have been put out.</summary>
    /// <param name="Start">Where the last of them begins.</param>
    /// <param name="End">The place.</param>
    /// <param name="Output">Ids put out.</param>
    /// <param name="IsUnknown">True where the last symbol is no token.</param>
    /// <param name="Window">Bytes of the window that begins there: at least twice as many each time that one leads to no seam that holds.</param>
    private readonly record struct Seam(int Start, int End, int Output, bool IsUnknown, long Window);

    /// <summary>Symbols before a window's end that are left to the next one.</summary>
    private int HeldBack => Math.Max(1, windowBytes / 256);

    /// <summary>Puts out the ids of the piece.</summary>
    public void Encode()
    {
        List<int> output = context.Output;
        MergeScratch scratch = context.Merge;
        long left = MostTimes * (long)_piece.Length;
        _seams.Push(new Seam(0, 0, output.Count, false, windowBytes));
        while (true)
        {
            Seam seam = _seams.Peek();
            int end = EndOf(seam.End, seam.Window);
            left -= end - seam.Start;
            if (left < 0 && _seams.Count > 1)
            {
                MergeAtOnce();
                continue;
            }

            ReadOnlySpan<byte> window = _piece[seam.End..end];
            model.Merge(window, scratch);
            int sure = end == _piece.Length ? scratch.Count : Math.Max(scratch.Count - HeldBack, scratch.Count / 2);
            if (seam.End > 0 && !Holds(seam, scratch.Starts[1]))
            {
                _seams.Pop();
                Widen();
            }
            else if (sure == 0)
            {
                Widen();
            }
            else
            {
                model.PutOut(window, scratch, sure, seam.IsUnknown, output);
                if (end == _piece.Length) return;
                _seams.Push(new Seam(seam.End + scratch.Starts[sure - 1], seam.End + scratch.Starts[sure], output.Count, scratch.Ids[sure - 1] < 0, windowBytes));
            }
        }
    }

    /// <summary>Begins again with a window of the whole piece.</summary>
    private void MergeAtOnce()
    {
        while (_seams.Count > 1) _seams.Pop();
        WidenTo(_piece.Length);
    }

    /// <summary>Begins again from the last seam with a window twice as wide.</summary>
    private void Widen() => WidenTo(2 * _seams.Peek().Window);

    /// <summary>Takes back what was put out after the last seam, and begins again from there with such a window.</summary>
    private void WidenTo(long window)
    {
        Seam seam = _seams.Pop();
        context.Output.RemoveRange(seam.Output, context.Output.Count - seam.Output);
        _seams.Push(seam with { Window = window });
    }

    /// <summary>Where a window ends: between two characters.</summary>
    private int EndOf(int from, long size)
    {
        if (_piece.Length - from <= size) return _piece.Length;
        int end = from + (int)size;
        while (end > from + 1 && (_piece[end] & 0xC0) == 0x80) end--;
        return end;
    }

    /// <summary>True where the symbols on both sides of a seam do not merge, nor anything in them across it.</summary>
    private bool Holds(Seam seam, int next)
    {
        MergeScratch scratch = context.Seam;
        model.Merge(_piece[seam.Start..(seam.End + next)], scratch);
        return scratch.Count == 2 && scratch.Starts[1] == seam.End - seam.Start;
    }
}
