namespace AutoGlm.Engine.Tools;

/// <summary>Text that has come and is not yet understood.</summary>
internal sealed class HeldText
{
    private string _text = "";

    public bool IsEmpty => _text.Length == 0;

    /// <summary>All of it, left in place.</summary>
    public string All => _text;

    public int Length => _text.Length;

    public char this[int index] => _text[index];

    public void Append(string text) => _text += text;

    public bool StartsWith(string text) => _text.StartsWith(text, StringComparison.Ordinal);

    /// <summary>Whether it begins with the text, or may once more has come.</summary>
    public bool MayStartWith(string text) => StartsWith(text) || text.StartsWith(_text, StringComparison.Ordinal);

    public string Take(int count)
    {
        string taken = _text[..count];
        _text = _text[count..];
        return taken;
    }

    public string TakeAll() => Take(_text.Length);

    public void SkipWhiteSpace() => _text = _text.TrimStart();

    /// <summary>Takes what is sure to come before the first of some markers.</summary>
    /// <param name="markers">None of them empty.</param>
    /// <param name="found">The marker that comes next, taken too; null where none has come yet.</param>
    public string TakeBefore(IReadOnlyList<string> markers, out string? found)
    {
        int first = int.MaxValue;
        found = null;
        foreach (string marker in markers)
        {
            int at = _text.IndexOf(marker, StringComparison.Ordinal);
            if (at < 0 || at > first || (at == first && marker.Length < found!.Length)) continue;
            (first, found) = (at, marker);
        }

        if (found is not null)
        {
            string before = Take(first);
            Take(found.Length);
            return before;
        }

        return Take(_text.Length - markers.Max(Overlap));
    }

    /// <summary>Longest end of the text that begins a marker.</summary>
    private int Overlap(string marker)
    {
        for (int length = Math.Min(marker.Length - 1, _text.Length); length > 0; length--)
        {
            if (_text.AsSpan(_text.Length - length).SequenceEqual(marker.AsSpan(0, length))) return length;
        }

        return 0;
    }
}
