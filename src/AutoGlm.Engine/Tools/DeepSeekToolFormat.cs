using AutoGlm.Engine.Constraints.Syntax;

namespace AutoGlm.Engine.Tools;

/// <summary>DeepSeek V3.1: a name, a separator and the arguments, all between tokens of their own.</summary>
internal sealed class DeepSeekToolFormat : ToolFormat
{
    public const string CallsBegin = "<｜tool▁calls▁begin｜>";
    private const string CallsEnd = "<｜tool▁calls▁end｜>", CallBegin = "<｜tool▁call▁begin｜>", CallEnd = "<｜tool▁call▁end｜>", Separator = "<｜tool▁sep｜>";

    public override string Name => "deepseek";

    public override IReadOnlyList<string> Markers => [CallsBegin];

    public override Expression CallsAfter(string marker, CallGrammar calls)
    {
        Expression call = calls.AnyTool(tool => Expression.Of(
            calls.Marker(CallBegin), Expression.Text(tool.Name), calls.Marker(Separator), calls.Arguments(tool), calls.Marker(CallEnd)));
        return Expression.Of(calls.Several(call, Expression.Empty), calls.Marker(CallsEnd));
    }

    public override ICallReader ReaderAfter(string marker, IReadOnlyList<ToolDefinition> tools) => new Reader();

    private sealed class Reader : ICallReader
    {
        private bool _inName, _inArguments;

        public bool Read(HeldText text, CallSink sink)
        {
            while (true)
            {
                if (_inArguments)
                {
                    sink.Arguments(text.TakeBefore([CallEnd], out string? end));
                    if (end is null) return false;
                    _inArguments = false;
                }
                else if (_inName)
                {
                    // The name is left in place until it is whole.
                    string name = text.TakeBefore([Separator], out string? separator);
                    _name += name;
                    if (separator is null) return false;
                    sink.Begin(_name.Trim());
                    (_inName, _inArguments, _name) = (false, true, "");
                }
                else
                {
                    text.TakeBefore([CallBegin, CallsEnd], out string? found);
                    if (found is null) return false;
                    if (found == CallsEnd) return true;
                    _inName = true;
                }
            }
        }

        private string _name = "";

        public void End(HeldText text, CallSink sink)
        {
            if (_inArguments) sink.Arguments(text.TakeAll());
        }
    }
}
