using System.Text;
using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Evaluation;

/// <summary>The state of one rendering: its limits, output, clock, and where in the template it is.</summary>
internal sealed class RenderContext(ChatTemplateLimits limits, TimeProvider clock)
{
    private StringBuilder _output = new();
    private int _calls;

    public Meter Meter { get; } = new(limits);

    public TimeProvider Clock => clock;

    /// <summary>Line of the node that is being evaluated.</summary>
    public int Line { get; set; } = 1;

    /// <summary>Calls a macro or function value; set by the interpreter, which alone can run a macro's body.</summary>
    public required Func<RenderContext, object?, Arguments, object?> Caller { get; init; }

    public object? Call(object? callee, Arguments arguments) => Caller(this, callee, arguments);

    /// <summary>str(value), charged.</summary>
    public string Str(object? value)
    {
        if (value is string known) return known;
        Meter.Charge(TemplateValue.WeightOf(value));
        string text = Printing.Str(value, Meter.MaxTextLength);
        Meter.ChargeText(text.Length);
        return text;
    }

    /// <summary>left == right, charged.</summary>
    public bool AreEqual(object? left, object? right)
    {
        Meter.Charge(Math.Min(TemplateValue.WeightOf(left), TemplateValue.WeightOf(right)));
        return Comparison.AreEqual(left, right);
    }

    public ListValue List(IReadOnlyList<object?> items)
    {
        Meter.ChargeItems(items.Count);
        return new ListValue(items);
    }

    public IteratorValue Iterator(IReadOnlyList<object?> items, string typeName = "generator")
    {
        Meter.ChargeItems(items.Count);
        return new IteratorValue(items, typeName);
    }

    /// <summary>A string that was made, charged.</summary>
    public string Text(string text)
    {
        Meter.ChargeText(text.Length);
        return text;
    }

    public void Write(string text)
    {
        Meter.ChargeText((long)_output.Length + text.Length <= Meter.MaxTextLength ? text.Length : long.MaxValue);
        _output.Append(text);
    }

    /// <summary>Runs something and gives what it wrote.</summary>
    public string Capture(Action body)
    {
        StringBuilder outer = _output;
        _output = new StringBuilder();
        try
        {
            body();
            return _output.ToString();
        }
        finally
        {
            _output = outer;
        }
    }

    /// <summary>Runs a macro's body one call deeper, and gives what it wrote.</summary>
    public string CaptureCall(Action body)
    {
        if (++_calls > limits.MaxCallDepth) throw TemplateError.Limit($"macros call each other over {limits.MaxCallDepth} deep");
        string text = Capture(body);
        _calls--;
        return text;
    }

    public string Output() => _output.ToString();
}
