using System.Numerics;
using AutoGlm.Formats.Chat.Evaluation;
using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Builtins;

/// <summary>Methods of lists and tuples.</summary>
internal static class SequenceMethods
{
    /// <summary>The method of that name; an unsafe value for those that would change the list; else null.</summary>
    public static object? Find(SequenceValue sequence, string name) => name switch
    {
        "count" => new FunctionValue(name, (context, arguments) => Count(context, sequence, arguments)),
        "index" => new FunctionValue(name, (context, arguments) => Index(context, sequence, arguments)),
        "copy" when sequence is ListValue => new FunctionValue(name, (_, _) => sequence),
        "append" or "clear" or "pop" or "reverse" or "insert" or "sort" or "extend" or "remove" when sequence is ListValue =>
            UndefinedValue.Unsafe(sequence, name),
        _ => null,
    };

    private static object? Count(RenderContext context, SequenceValue sequence, Arguments arguments)
    {
        object? wanted = arguments.Bind("count", 1, "value")[0];
        context.Meter.Charge(sequence.Weight);
        return new BigInteger(sequence.Items.Count(item => Comparison.AreEqual(item, wanted)));
    }

    private static object? Index(RenderContext context, SequenceValue sequence, Arguments arguments)
    {
        BoundArguments bound = arguments.Bind("index", 1, "value", "start", "stop");
        context.Meter.Charge(sequence.Weight);
        int length = sequence.Items.Count;
        int start = bound.Integer(1), stop = bound.Integer(2, length);
        if (start < 0) start = Math.Max(0, start + length);
        if (stop < 0) stop += length;
        for (int i = start; i < Math.Min(stop, length); i++)
        {
            if (Comparison.AreEqual(sequence.Items[i], bound[0])) return new BigInteger(i);
        }

        throw TemplateError.Value($"the value is not in the {sequence.TypeName}");
    }
}
