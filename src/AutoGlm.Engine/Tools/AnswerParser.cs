namespace AutoGlm.Engine.Tools;

/// <summary>
/// Tells text, thoughts and tool calls apart in an answer that comes in pieces. Half a marker never shows: what may become one is
/// held back until it is known. For one answer and one thread.
/// </summary>
public sealed class AnswerParser
{
    private readonly IAnswerReader _reader;
    private readonly HeldText _held = new();
    private readonly List<AnswerDelta> _deltas = [];
    private readonly CallSink _sink;

    internal AnswerParser(IAnswerReader reader, Func<string> newId)
    {
        _reader = reader;
        _sink = new CallSink(_deltas, newId);
    }

    /// <summary>True once a call has come: the answer's reason to end is then that its tools be called.</summary>
    public bool HasCalls => _sink.Count > 0;

    /// <summary>Takes the next piece of text (<see cref="GenerationChunk.Text"/>), and gives what is known by it.</summary>
    public IReadOnlyList<AnswerDelta> Append(string text)
    {
        _held.Append(text);
        _reader.Read(_held, _sink);
        return Take();
    }

    /// <summary>Gives what is left when the answer is over.</summary>
    public IReadOnlyList<AnswerDelta> Flush()
    {
        _reader.Read(_held, _sink);
        _reader.End(_held, _sink);
        return Take();
    }

    private AnswerDelta[] Take()
    {
        AnswerDelta[] deltas = [.. _deltas];
        _deltas.Clear();
        return deltas;
    }
}
