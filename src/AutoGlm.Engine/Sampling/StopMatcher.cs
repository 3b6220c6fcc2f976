using System.Text;

namespace AutoGlm.Engine.Sampling;

/// <summary>
/// Finds stop texts in text that comes in pieces, wherever the pieces' borders are. The text before the first stop text to be
/// complete is let through as early as possible: only what may still become a stop text is held back.
/// </summary>
/// <remarks>Aho and Corasick 1975: one step for each character, amortised. Where two stop texts end together the longer one counts.</remarks>
public sealed class StopMatcher
{
    private readonly List<Dictionary<char, int>> _next = [[]];
    private readonly List<int> _depth = [0];
    private readonly List<int> _fallback = [0];

    /// <summary>By state: length of the longest stop text that ends there; 0 for none.</summary>
    private readonly List<int> _matched = [0];
    private readonly StringBuilder _held = new();
    private int _state;

    /// <exception cref="ArgumentException">A stop text is empty.</exception>
    public StopMatcher(IReadOnlyList<string> stopTexts)
    {
        foreach (string text in stopTexts)
        {
            if (string.IsNullOrEmpty(text)) throw new ArgumentException("A stop text is empty.", nameof(stopTexts));
            Insert(text);
        }

        LinkFallbacks();
    }

    /// <summary>True once a stop text has come; nothing more comes out then.</summary>
    public bool Stopped { get; private set; }

    /// <summary>Takes the next piece, and gives the text that is sure to come before any stop text.</summary>
    public string Append(string piece)
    {
        if (Stopped) return "";
        if (_next.Count == 1) return piece;
        int heldBefore = _held.Length;
        _held.Append(piece);
        for (int i = 0; i < piece.Length; i++)
        {
            _state = Step(_state, piece[i]);
            if (_matched[_state] == 0) continue;
            Stopped = true;
            string before = _held.ToString(0, heldBefore + i + 1 - _matched[_state]);
            _held.Clear();
            return before;
        }

        int safe = _held.Length - _depth[_state];
        string text = _held.ToString(0, safe);
        _held.Remove(0, safe);
        return text;
    }

    /// <summary>Takes the last piece, and gives all that is left: no stop text can come any more.</summary>
    public string Flush(string lastPiece = "")
    {
        string text = Append(lastPiece) + _held;
        _held.Clear();
        _state = 0;
        return text;
    }

    private int Step(int state, char character)
    {
        while (true)
        {
            if (_next[state].TryGetValue(character, out int next)) return next;
            if (state == 0) return 0;
            state = _fallback[state];
        }
    }

    private void Insert(string text)
    {
        int state = 0;
        foreach (char character in text)
        {
            if (!_next[state].TryGetValue(character, out int next))
            {
                next = _next.Count;
                _next[state][character] = next;
                _next.Add([]);
                _depth.Add(_depth[state] + 1);
                _fallback.Add(0);
                _matched.Add(0);
            }

            state = next;
        }

        _matched[state] = text.Length;
    }

    /// <summary>Each state's fallback is the longest proper suffix of its text that begins a stop text.</summary>
    private void LinkFallbacks()
    {
        var states = new Queue<int>(_next[0].Values);
        while (states.TryDequeue(out int state))
        {
            foreach ((char character, int next) in _next[state])
            {
                _fallback[next] = Step(_fallback[state], character);
                if (_matched[next] == 0) _matched[next] = _matched[_fallback[next]];
                states.Enqueue(next);
            }
        }
    }
}
