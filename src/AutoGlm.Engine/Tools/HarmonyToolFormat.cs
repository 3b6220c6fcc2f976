using AutoGlm.Engine.Constraints.Syntax;

namespace AutoGlm.Engine.Tools;

/// <summary>gpt-oss: messages with headers that name a channel and a recipient (OpenAI's Harmony format).</summary>
internal sealed class HarmonyToolFormat : ToolFormat
{
    public const string Start = "<|start|>", Channel = "<|channel|>", Message = "<|message|>", EndOfMessage = "<|end|>", Constrain = "<|constrain|>";
    public const string Recipient = "to=functions.";

    public override string Name => "harmony";

    public override IReadOnlyList<string> Markers => [];

    public override Expression CallsAfter(string marker, CallGrammar calls) => Expression.Never;

    public override ICallReader ReaderAfter(string marker, IReadOnlyList<ToolDefinition> tools) => throw new InvalidOperationException("Harmony's messages have a reader of their own.");

    /// <summary>All that may follow <c>&lt;|start|&gt;assistant</c>.</summary>
    /// <param name="calls">The tools; null where none may be called.</param>
    /// <param name="answer">What the final message may be; null where there is none.</param>
    public static Expression Answer(CallGrammar markers, CallGrammar? calls, Expression? answer)
    {
        Rule next = new("message");
        Expression Header(string channel) => Expression.Of(markers.Marker(Channel), Expression.Text(channel), markers.Marker(Message));
        Expression following = Expression.Of(markers.Marker(Start), Expression.Text("assistant"), new RuleCall(next));
        TextUntil thoughts = new([(markers.MarkerBytes(EndOfMessage), following)], MayEnd: false);
        List<Expression> ways = [Expression.Of(Header("analysis"), thoughts)];
        if (calls is not null)
        {
            ways.Add(Expression.Of(Header("commentary"), thoughts));
            ways.Add(calls.AnyTool(tool => Expression.Of(
                markers.Marker(Channel), Expression.Text($"commentary {Recipient}{tool.Name} "), markers.Marker(Constrain).Optional(), Expression.Text("json"), markers.Marker(Message), calls.Arguments(tool))));
        }

        if (answer is not null) ways.Add(Expression.Of(Header("final"), answer));
        next.Body = Expression.Any(ways);
        return new RuleCall(next);
    }
}
