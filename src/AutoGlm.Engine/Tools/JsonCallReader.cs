using System.Text;
using System.Text.Json;

namespace AutoGlm.Engine.Tools;

/// <summary>
/// Reads calls written as <c>{"name": …, "arguments": {…}}</c>, one or a list of them, as the characters come. Arguments go on as
/// they are written; a call whose name comes late waits for it.
/// </summary>
/// <param name="close">The marker after the call; null for none.</param>
/// <param name="isList">Whether calls stand in brackets.</param>
internal sealed class JsonCallReader(string? close, bool isList) : ICallReader
{
    private enum Place
    {
        Outside,
        Key,
        Colon,
        Value,
        AfterValue,
        Over,
    }

    private readonly StringBuilder _value = new();
    private readonly StringBuilder _waiting = new();
    private Place _place = Place.Outside;
    private string _key = "";
    private string? _name, _id;
    private int _depth;
    private int _streamed;
    private bool _inString, _isEscaped, _hasBegun, _hasArguments;

    private bool IsArguments => _key is "arguments" or "parameters";

    public bool Read(HeldText text, CallSink sink)
    {
        int at = 0;
        while (at < text.Length && _place != Place.Over)
        {
            char c = text[at];
            if (_place == Place.Outside && !(char.IsWhiteSpace(c) || c == '{' || (isList && c is '[' or ']' or ','))) break;
            at++;
            Take(c, sink);
        }

        // What it takes goes out in one piece, not a character at a time.
        Flush(sink);
        text.Take(at);
        if (_place == Place.Over || (_place == Place.Outside && !text.IsEmpty)) return Close(text);
        return false;
    }

    public void End(HeldText text, CallSink sink)
    {
        // A call that was cut off stays cut off; its text, where it was no call at all, is text.
        if (!_hasBegun && _name is null && _place is Place.Outside) sink.Content(text.TakeAll());
    }

    private bool Close(HeldText text)
    {
        if (close is null) return true;
        text.SkipWhiteSpace();
        if (!text.MayStartWith(close)) return true;
        if (!text.StartsWith(close)) return false;
        text.Take(close.Length);
        return true;
    }

    private void Take(char c, CallSink sink)
    {
        switch (_place)
        {
            case Place.Outside:
                if (c == '{') (_place, _name, _id, _hasBegun, _hasArguments) = (Place.Key, null, null, false, false);
                else if (c == ']') _place = Place.Over;
                break;
            case Place.Key:
                TakeKey(c, sink);
                break;
            case Place.Colon:
                if (c == ':') (_place, _depth) = (Place.Value, 0);
                break;
            case Place.Value:
                TakeValue(c, sink);
                break;
            case Place.AfterValue:
                TakeAfterValue(c, sink);
                break;
        }
    }

    private void TakeKey(char c, CallSink sink)
    {
        if (!_inString)
        {
            if (c == '}') EndCall(sink);
            _inString = c == '"';
            _value.Clear();
            return;
        }

        if (c == '"' && !_isEscaped)
        {
            (_inString, _key, _place) = (false, _value.ToString(), Place.Colon);
            _value.Clear();
            return;
        }

        _isEscaped = c == '\\' && !_isEscaped;
        _value.Append(c);
    }

    private void TakeValue(char c, CallSink sink)
    {
        if (_value.Length == 0 && char.IsWhiteSpace(c)) return;
        bool isScalarEnd = !_inString && _depth == 0 && (c is ',' or '}') && _value.Length > 0 && _value[0] is not ('"' or '{' or '[');
        if (isScalarEnd)
        {
            EndValue(sink);
            TakeAfterValue(c, sink);
            return;
        }

        _value.Append(c);
        if (_inString)
        {
            if (c == '"' && !_isEscaped) _inString = false;
            _isEscaped = c == '\\' && !_isEscaped;
        }
        else if (c == '"') _inString = true;
        else if (c is '{' or '[') _depth++;
        else if (c is '}' or ']') _depth--;

        if (!_inString && _depth == 0 && (c is '"' or '}' or ']')) EndValue(sink);
    }

    private void EndValue(CallSink sink)
    {
        string value = _value.ToString();
        if (_key == "name") _name = Text(value) ?? value;
        else if (_key == "id") _id = Text(value);
        else if (IsArguments)
        {
            _hasArguments = true;
            // Some models write arguments as a string of JSON.
            if (_streamed == 0) _waiting.Append(Text(value) ?? value.Trim());
            else _waiting.Append(value, _streamed, value.Length - _streamed);
        }

        _streamed = 0;
        _value.Clear();
        _place = Place.AfterValue;
        Flush(sink);
    }

    private void Flush(CallSink sink)
    {
        if (_place == Place.Value && IsArguments && _value.Length > 0 && _value[0] == '{')
        {
            _waiting.Append(_value, _streamed, _value.Length - _streamed);
            _streamed = _value.Length;
            _hasArguments = true;
        }

        if (_name is null || (_waiting.Length == 0 && _hasBegun)) return;
        // An id may still follow the name; it is waited for until arguments come.
        if (!_hasBegun && !_hasArguments) return;
        Begin(sink);
        sink.Arguments(_waiting.ToString());
        _waiting.Clear();
    }

    private void TakeAfterValue(char c, CallSink sink)
    {
        if (c == ',') _place = Place.Key;
        else if (c == '}') EndCall(sink);
    }

    private void Begin(CallSink sink)
    {
        if (_hasBegun) return;
        _hasBegun = true;
        sink.Begin(_name ?? "", _id);
    }

    private void EndCall(CallSink sink)
    {
        Flush(sink);
        if (_name is not null)
        {
            Begin(sink);
            if (!_hasArguments) sink.Arguments("{}");
        }

        _waiting.Clear();
        _place = isList ? Place.Outside : Place.Over;
    }

    private static string? Text(string value)
    {
        if (value.Length < 2 || value[0] != '"') return null;
        try
        {
            return JsonSerializer.Deserialize<string>(value);
        }
        catch (JsonException)
        {
            return value[1..^1];
        }
    }
}
