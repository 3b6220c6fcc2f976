namespace AutoGlm.Engine.Sampling;

/// <summary>How often each token is among the last ones: constant time for each token that comes.</summary>
/// <param name="window">The last tokens to count; -1 for all.</param>
internal sealed class TokenHistory(int window)
{
    private readonly Dictionary<int, int> _counts = [];
    private readonly Queue<int> _inWindow = [];
    private int _seen;
    private int _last;

    /// <summary>Each token in the window, with how often it is there.</summary>
    public Dictionary<int, int> Counts => _counts;

    /// <summary>Takes in what is new in a sequence's tokens. One that is not the continuation of what it saw is counted afresh.</summary>
    public void Update(ReadOnlySpan<int> tokens)
    {
        bool continues = tokens.Length >= _seen && (_seen == 0 || tokens[_seen - 1] == _last);
        if (!continues) Clear();
        if (window >= 0) _seen = Math.Max(_seen, tokens.Length - window);
        foreach (int token in tokens[_seen..]) Add(token);
        _seen = tokens.Length;
        if (_seen > 0) _last = tokens[^1];
    }

    private void Clear()
    {
        _counts.Clear();
        _inWindow.Clear();
        _seen = 0;
    }

    private void Add(int token)
    {
        _counts[token] = _counts.GetValueOrDefault(token) + 1;
        if (window < 0) return;
        _inWindow.Enqueue(token);
        if (_inWindow.Count <= window) return;
        int gone = _inWindow.Dequeue();
        if (--_counts[gone] == 0) _counts.Remove(gone);
    }
}
