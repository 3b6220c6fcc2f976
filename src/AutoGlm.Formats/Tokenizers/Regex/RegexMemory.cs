namespace AutoGlm.Formats.Tokenizers;

/// <summary>
/// What one walk over a text remembers of scans that ran on and found nothing more: the automaton's state at each
/// position. A later scan that comes to a position in the same state has nothing more to find either.
/// </summary>
/// <remarks>Of one thread and one text at a time; <see cref="Reset"/> starts another text.</remarks>
internal sealed class RegexMemory
{
    private CodePointRegex.State?[] _fruitless = [];
    private readonly List<(int Position, CodePointRegex.State State)> _pending = [];
    private int _used;

    public void Reset()
    {
        _pending.Clear();
        // A very long text's table is not kept; of others only what was used is cleared, for texts may be many and short.
        if (_fruitless.Length > 1 << 16) _fruitless = [];
        else _fruitless.AsSpan(0, _used).Clear();
        _used = 0;
    }

    /// <summary>True where the state was already found fruitless at the position; otherwise notes it for <see cref="Confirm"/>.</summary>
    public bool Seen(int textLength, int position, CodePointRegex.State state)
    {
        if (_fruitless.Length > position && _fruitless[position] == state) return true;
        if (_fruitless.Length <= textLength) Array.Resize(ref _fruitless, textLength + 1);
        _pending.Add((position, state));
        return false;
    }

    /// <summary>A match was found: what was noted on the way to it was not fruitless.</summary>
    public void Forget() => _pending.Clear();

    /// <summary>The scan is over: what it noted after its last match led to nothing.</summary>
    public void Confirm()
    {
        foreach ((int position, CodePointRegex.State state) in _pending)
        {
            _fruitless[position] = state;
            _used = Math.Max(_used, position + 1);
        }

        _pending.Clear();
    }
}
