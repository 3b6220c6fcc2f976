namespace AutoGlm.Server.Answers;

/// <summary>
/// Tells a model's thoughts from its answer: what stands between &lt;think&gt; at the beginning and &lt;/think&gt;. Text comes in
/// pieces, wherever their borders are.
/// </summary>
/// <param name="inside">True where the prompt has opened the thought already.</param>
internal sealed class ThoughtSplitter(bool inside)
{
    private const string Open = "<think>", Close = "</think>";

    private string _held = "";
    private State _state = inside ? State.Thinking : State.Beginning;

    private enum State
    {
        Beginning,
        Thinking,
        Between,
        Answering,
    }

    /// <summary>True until the answer has begun.</summary>
    public bool IsThinking => _state == State.Thinking;

    /// <summary>Takes the next piece; gives what is certain of it.</summary>
    public (string Thought, string Text) Append(string piece)
    {
        _held += piece;
        string thought = "";
        if (_state == State.Beginning) Begin();
        if (_state == State.Thinking) thought = Think();
        if (_state == State.Between) SkipSpace();
        return (thought, _state == State.Answering ? Take(_held.Length) : "");
    }

    /// <summary>Nothing more comes: gives all that is left.</summary>
    public (string Thought, string Text) Flush()
    {
        string rest = Take(_held.Length);
        return _state == State.Thinking ? (rest, "") : (_state == State.Between ? ("", "") : ("", rest));
    }

    /// <summary>White space may stand before the tag; anything else is an answer.</summary>
    private void Begin()
    {
        string text = _held.TrimStart();
        if (text.StartsWith(Open, StringComparison.Ordinal))
        {
            _held = text[Open.Length..].TrimStart('\n');
            _state = State.Thinking;
        }
        else if (!Open.StartsWith(text, StringComparison.Ordinal))
        {
            _state = State.Answering;
        }
    }

    private string Think()
    {
        int end = _held.IndexOf(Close, StringComparison.Ordinal);
        if (end < 0) return Take(_held.Length - HeldBack());
        string thought = Take(end);
        Take(Close.Length);
        _state = State.Between;
        return thought.TrimEnd('\n');
    }

    /// <summary>Of the end, what may still become the closing tag, with the line ends before it.</summary>
    private int HeldBack()
    {
        int back = 0;
        for (int length = Math.Min(Close.Length - 1, _held.Length); length > 0 && back == 0; length--)
        {
            if (Close.StartsWith(_held[^length..], StringComparison.Ordinal)) back = length;
        }

        while (back < _held.Length && _held[^(back + 1)] == '\n') back++;
        return back;
    }

    /// <summary>Line ends between thought and answer are neither's.</summary>
    private void SkipSpace()
    {
        _held = _held.TrimStart('\n');
        if (_held.Length > 0) _state = State.Answering;
    }

    private string Take(int length)
    {
        string taken = _held[..length];
        _held = _held[length..];
        return taken;
    }
}
