using System.Text;
using AutoGlm.Server.Protocol;

namespace AutoGlm.Server.Answers;

/// <summary>
/// Makes an answer's parts the items of a response, in the order in which they come, and tells each step as OpenAI's events do: an
/// item is added, goes on, and is done before the next begins.
/// </summary>
/// <param name="tell">Takes the events.</param>
internal sealed class ResponseOutput(Action<ResponseEvent> tell)
{
    private readonly List<ResponseItem> _items = [];
    private readonly StringBuilder _text = new();
    private string _blank = "";
    private bool _isOpen;

    /// <summary>The items; the last may still go on.</summary>
    public IReadOnlyList<ResponseItem> Items => _items;

    public void Add(AnswerParts parts)
    {
        if (parts.Thought.Length > 0) AddText("reasoning", parts.Thought);
        if (parts.Text.Length > 0) AddSpeech(parts.Text);
        foreach (ToolCallDelta call in parts.Calls) AddCall(call);
    }

    /// <summary>Ends the last item.</summary>
    /// <param name="status">completed or incomplete.</param>
    public void End(string status)
    {
        // An answer of nothing, or of nothing but blanks, is a message still.
        if (_items.Count == 0) AddText("message", _blank);
        Close(status);
    }

    private int Last => _items.Count - 1;

    /// <summary>Blanks around thoughts and calls make no message of their own.</summary>
    private void AddSpeech(string text)
    {
        bool isNew = !(_isOpen && _items[Last].Type == "message");
        if (isNew && string.IsNullOrWhiteSpace(text))
        {
            _blank += text;
            return;
        }

        AddText("message", isNew ? _blank + text : text);
        _blank = "";
    }

    private void AddText(string type, string text)
    {
        if (!_isOpen || _items[Last].Type != type)
        {
            Open(type == "message"
                ? new ResponseItem(type, NewId("msg_"), "in_progress") { Role = "assistant", Content = [] }
                : new ResponseItem(type, NewId("rs_"), "in_progress") { Summary = [], Content = [] });
            tell(At("response.content_part.added") with { ContentIndex = 0, Part = Part("") });
        }

        _text.Append(text);
        if (text.Length > 0) tell(At($"response.{Part("").Type}.delta") with { ContentIndex = 0, Delta = text, Logprobs = Part("").Logprobs });
    }

    private void AddCall(ToolCallDelta call)
    {
        if (call.Id is { } id) Open(new ResponseItem("function_call", NewId("fc_"), "in_progress") { CallId = id, Name = call.Function.Name, Arguments = "" });
        if (call.Function.Arguments is not { Length: > 0 } more) return;
        _text.Append(more);
        tell(At("response.function_call_arguments.delta") with { Delta = more });
    }

    private void Open(ResponseItem item)
    {
        Close("completed");
        _isOpen = true;
        _items.Add(item);
        tell(new ResponseEvent("response.output_item.added") { OutputIndex = Last, Item = item });
    }

    private void Close(string status)
    {
        if (!_isOpen) return;
        string text = _text.ToString();
        if (_items[Last].Type == "function_call")
        {
            _items[Last] = _items[Last] with { Status = status, Arguments = text };
            tell(At("response.function_call_arguments.done") with { Name = _items[Last].Name, Arguments = text });
        }
        else
        {
            ResponsePart part = Part(text);
            tell(At($"response.{part.Type}.done") with { ContentIndex = 0, Text = text, Logprobs = part.Logprobs });
            tell(At("response.content_part.done") with { ContentIndex = 0, Part = part });
            _items[Last] = _items[Last] with { Status = status, Content = [part] };
        }

        tell(new ResponseEvent("response.output_item.done") { OutputIndex = Last, Item = _items[Last] });
        _text.Clear();
        _isOpen = false;
    }

    /// <summary>The last item's one part, with a text.</summary>
    private ResponsePart Part(string text) => _items[Last].Type == "reasoning" ? new ResponsePart("reasoning_text", text) : new ResponsePart("output_text", text) { Annotations = [], Logprobs = [] };

    private ResponseEvent At(string type) => new(type) { OutputIndex = Last, ItemId = _items[Last].Id };

    private static string NewId(string prefix) => prefix + Guid.NewGuid().ToString("N");
}
