namespace AutoGlm.Server.Answers;

/// <summary>Tells an answer's parts, its thoughts and its text, as the text comes.</summary>
/// <param name="thoughts">Splits off thoughts; null where all is text.</param>
internal sealed class AnswerReader(ThoughtSplitter? thoughts)
{
    /// <summary>For answers that are text and nothing else.</summary>
    public static AnswerReader Plain() => new(null);

    public bool IsThinking => thoughts?.IsThinking == true;

    /// <param name="text">The next piece.</param>
    /// <param name="last">True where nothing more comes.</param>
    public AnswerDelta Read(string text, bool last)
    {
        if (thoughts is null) return new AnswerDelta(text, "", []);
        (string thought, string rest) = thoughts.Append(text);
        if (last)
        {
            (string lastThought, string lastText) = thoughts.Flush();
            (thought, rest) = (thought + lastThought, rest + lastText);
        }

        return new AnswerDelta(rest, thought, []);
    }
}
