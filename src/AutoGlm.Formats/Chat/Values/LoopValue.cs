using System.Numerics;
using AutoGlm.Formats.Chat.Evaluation;

namespace AutoGlm.Formats.Chat.Values;

/// <summary>The variable <c>loop</c> inside a for block.</summary>
internal sealed class LoopValue(IReadOnlyList<object?> items, int depth, Func<object?, string>? recurse) : TemplateValue
{
    private object? _lastChanged;

    public override string TypeName => "LoopContext";

    public int Index { get; set; }

    public int Length => items.Count;

    /// <summary>Renders the loop's body over other items; null unless the loop is marked recursive.</summary>
    public Func<object?, string>? Recurse => recurse;

    public object? Attribute(string name) => name switch
    {
        "index" => (BigInteger)(Index + 1),
        "index0" => (BigInteger)Index,
        "revindex" => (BigInteger)(Length - Index),
        "revindex0" => (BigInteger)(Length - Index - 1),
        "first" => Index == 0,
        "last" => Index == Length - 1,
        "length" => (BigInteger)Length,
        "depth" => (BigInteger)(depth + 1),
        "depth0" => (BigInteger)depth,
        "previtem" => Index > 0 ? items[Index - 1] : new UndefinedValue("there is no previous item"),
        "nextitem" => Index < Length - 1 ? items[Index + 1] : new UndefinedValue("there is no next item"),
        "cycle" => new FunctionValue("cycle", Cycle),
        "changed" => new FunctionValue("changed", Changed),
        _ => UndefinedValue.Member(this, name),
    };

    private object? Cycle(RenderContext context, Arguments arguments)
    {
        if (arguments.Positional.Count == 0) throw TemplateError.Value("no items for cycling given");
        return arguments.Positional[Index % arguments.Positional.Count];
    }

    private object? Changed(RenderContext context, Arguments arguments)
    {
        var values = new TupleValue(arguments.Positional);
        context.Meter.Charge(values.Weight);
        if (_lastChanged is not null && Comparison.AreEqual(_lastChanged, values)) return false;
        _lastChanged = values;
        return true;
    }
}
