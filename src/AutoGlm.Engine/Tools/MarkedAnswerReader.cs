namespace AutoGlm.Engine.Tools;

/// <summary>Reads answers in which markers set thoughts and calls apart from text.</summary>
/// <param name="format">How calls are written.</param>
/// <param name="tools">The tools there are; null where calls are not looked for.</param>
/// <param name="hasReasoning">Whether thoughts are looked for.</param>
/// <param name="startsInReasoning">Whether the prompt has opened them.</param>
internal sealed class MarkedAnswerReader(ToolFormat format, IReadOnlyList<ToolDefinition>? tools, bool hasReasoning, bool startsInReasoning) : IAnswerReader
{
    public const string ThinkOpen = "<think>", ThinkClose = "</think>";

    private readonly string[] _markers = [.. tools is null ? [] : format.Markers, .. hasReasoning ? (string[])[ThinkOpen] : []];
    private bool _inReasoning = startsInReasoning, _trimStart = startsInReasoning, _isAtStart = true;
    private string _blanks = "";
    private ICallReader? _calls;

    public void Read(HeldText text, CallSink sink)
    {
        while (!text.IsEmpty)
        {
            if (_calls is not null)
            {
                if (!_calls.Read(text, sink)) return;
                _calls = null;
                _trimStart = true;
            }
            else if (_inReasoning)
            {
                string thoughts = Trimmed(text.TakeBefore([ThinkClose], out string? close));
                EmitThoughts(thoughts, sink, isLast: close is not null);
                if (close is null) return;
                (_inReasoning, _trimStart, _blanks) = (false, true, "");
            }
            else if (!ReadText(text, sink))
            {
                return;
            }
        }
    }

    public void End(HeldText text, CallSink sink)
    {
        if (_calls is not null) _calls.End(text, sink);
        else if (_inReasoning) EmitThoughts(text.TakeAll(), sink, isLast: true);
        else Emit(text.TakeAll(), sink);
        if (_blanks.Length > 0 && sink.Count == 0 && !_inReasoning) sink.Content(_blanks);
        _blanks = "";
    }

    private bool ReadText(HeldText text, CallSink sink)
    {
        if (_isAtStart && tools is not null && format.Beginnings.Count > 0)
        {
            HeldText start = new();
            start.Append(text.All.TrimStart());
            if (format.Beginnings.Any(start.StartsWith))
            {
                _isAtStart = false;
                _calls = format.ReaderAfter(format.Beginnings[0], tools);
                return true;
            }

            if (start.IsEmpty || format.Beginnings.Any(start.MayStartWith)) return false;
        }

        _isAtStart = false;
        if (_markers.Length == 0)
        {
            Emit(text.TakeAll(), sink);
            return false;
        }

        Emit(text.TakeBefore(_markers, out string? found), sink);
        if (found is null) return false;
        // Blanks before thoughts and calls set them apart, and are no part of the answer.
        _blanks = "";
        if (found == ThinkOpen) (_inReasoning, _trimStart) = (true, true);
        else _calls = format.ReaderAfter(found, tools!);
        return true;
    }

    private void Emit(string text, CallSink sink)
    {
        text = Trimmed(text);
        if (text.Length == 0) return;
        string all = _blanks + text;
        // Without markers to come there is nothing to wait for.
        int end = _markers.Length == 0 ? all.Length : all.AsSpan().TrimEnd().Length;
        sink.Content(all[..end]);
        _blanks = all[end..];
    }

    private void EmitThoughts(string text, CallSink sink, bool isLast)
    {
        string all = _blanks + text;
        int end = all.AsSpan().TrimEnd().Length;
        sink.Reasoning(all[..end]);
        _blanks = isLast ? "" : all[end..];
    }

    private string Trimmed(string text)
    {
        if (!_trimStart) return text;
        text = text.TrimStart();
        _trimStart = text.Length == 0;
        return text;
    }
}
