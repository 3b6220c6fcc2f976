namespace AutoGlm.Engine.Tools;

/// <summary>Where readers of calls put what they find.</summary>
internal sealed class CallSink(List<AnswerDelta> deltas, Func<string> newId)
{
    private int _index = -1;

    /// <summary>Calls so far.</summary>
    public int Count => _index + 1;

    public void Begin(string name, string? id = null)
    {
        _index++;
        deltas.Add(new AnswerDelta { ToolCall = new ToolCallDelta(_index, id ?? newId(), name, "") });
    }

    public void Arguments(string text)
    {
        if (text.Length > 0) deltas.Add(new AnswerDelta { ToolCall = new ToolCallDelta(_index, null, null, text) });
    }

    public void Content(string text)
    {
        if (text.Length > 0) deltas.Add(new AnswerDelta { Content = text });
    }

    public void Reasoning(string text)
    {
        if (text.Length > 0) deltas.Add(new AnswerDelta { Reasoning = text });
    }
}
