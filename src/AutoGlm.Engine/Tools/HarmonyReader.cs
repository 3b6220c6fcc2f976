namespace AutoGlm.Engine.Tools;

/// <summary>Reads Harmony's messages, from after <c>&lt;|start|&gt;assistant</c> on.</summary>
internal sealed class HarmonyReader : IAnswerReader
{
    private enum Kind
    {
        Header,
        Content,
        Reasoning,
        Arguments,
    }

    private static readonly string[] s_ends = [HarmonyToolFormat.EndOfMessage, HarmonyToolFormat.Start, "<|call|>", "<|return|>"];

    private readonly bool _readsCalls;
    private Kind _kind = Kind.Header;
    private string _header = "";

    public HarmonyReader(bool readsCalls) => _readsCalls = readsCalls;

    public void Read(HeldText text, CallSink sink)
    {
        while (!text.IsEmpty)
        {
            string? found;
            if (_kind == Kind.Header)
            {
                _header += text.TakeBefore([HarmonyToolFormat.Message], out found);
                if (found is null) return;
                Begin(sink);
                continue;
            }

            Emit(text.TakeBefore(s_ends, out found), sink);
            if (found is null) return;
            (_kind, _header) = (Kind.Header, "");
        }
    }

    public void End(HeldText text, CallSink sink)
    {
        string rest = text.TakeAll();
        // A message whose header never came is taken as an answer in plain text.
        if (_kind != Kind.Header) Emit(rest, sink);
        else if (!(_header + rest).Contains(HarmonyToolFormat.Channel, StringComparison.Ordinal)) sink.Content(_header + rest);
    }

    private void Begin(CallSink sink)
    {
        int recipient = _header.IndexOf(HarmonyToolFormat.Recipient, StringComparison.Ordinal);
        if (recipient >= 0 && _readsCalls)
        {
            string name = _header[(recipient + HarmonyToolFormat.Recipient.Length)..];
            int end = name.AsSpan().IndexOfAny(' ', '<', '\n');
            sink.Begin(end < 0 ? name : name[..end]);
            _kind = Kind.Arguments;
            return;
        }

        int channel = _header.LastIndexOf(HarmonyToolFormat.Channel, StringComparison.Ordinal);
        bool thinks = channel >= 0 && _header[(channel + HarmonyToolFormat.Channel.Length)..].StartsWith("analysis", StringComparison.Ordinal);
        _kind = thinks ? Kind.Reasoning : Kind.Content;
    }

    private void Emit(string text, CallSink sink)
    {
        if (_kind == Kind.Arguments) sink.Arguments(text);
        else if (_kind == Kind.Reasoning) sink.Reasoning(text);
        else sink.Content(text);
    }
}
