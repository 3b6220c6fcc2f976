using System.Collections.Frozen;
using System.Numerics;
using AutoGlm.Formats.Chat.Evaluation;
using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Builtins;

/// <summary>Tests by name: what stands after <c>is</c>.</summary>
internal static class Tests
{
    private delegate bool Test(RenderContext context, object? value, Arguments arguments);

    private static readonly FrozenDictionary<string, Test> s_all = new Dictionary<string, Test>
    {
        ["boolean"] = (_, value, _) => value is bool,
        ["callable"] = (_, value, _) => value is FunctionValue or MacroValue or LoopValue or UndefinedValue,
        ["defined"] = (_, value, _) => value is not UndefinedValue,
        ["divisibleby"] = (context, value, arguments) => IsZero(Operators.Binary(context, "%", value, One(arguments))),
        ["escaped"] = (_, value, _) => value is SafeText,
        ["even"] = (context, value, _) => IsZero(Operators.Binary(context, "%", value, new BigInteger(2))),
        ["false"] = (_, value, _) => value is false,
        ["filter"] = (_, value, _) => value is string name && Filters.Exists(name),
        ["float"] = (_, value, _) => value is double,
        ["in"] = (context, value, arguments) => Iteration.Contains(context, One(arguments), value),
        ["integer"] = (_, value, _) => value is BigInteger,
        ["iterable"] = (_, value, _) => Iteration.IsIterable(value),
        ["lower"] = (context, value, arguments) => Cased(context, value, "islower"),
        ["mapping"] = (_, value, _) => value is DictValue,
        ["none"] = (_, value, _) => value is null,
        ["number"] = (_, value, _) => Types.IsNumber(value),
        ["odd"] = (context, value, _) => !IsZero(Operators.Binary(context, "%", value, new BigInteger(2))),
        ["sameas"] = (_, value, arguments) => IsSame(value, One(arguments)),
        ["sequence"] = (_, value, _) => value is string or DictValue or UndefinedValue || (value is SequenceValue and not DictViewValue),
        ["string"] = (_, value, _) => value is string,
        ["test"] = (_, value, _) => value is string name && Exists(name),
        ["true"] = (_, value, _) => value is true,
        ["undefined"] = (_, value, _) => value is UndefinedValue,
        ["upper"] = (context, value, arguments) => Cased(context, value, "isupper"),
        ["=="] = Equal,
        ["eq"] = Equal,
        ["equalto"] = Equal,
        ["!="] = (context, value, arguments) => !Equal(context, value, arguments),
        ["ne"] = (context, value, arguments) => !Equal(context, value, arguments),
        [">"] = (context, value, arguments) => Order(context, value, arguments, ">") > 0,
        ["gt"] = (context, value, arguments) => Order(context, value, arguments, ">") > 0,
        ["greaterthan"] = (context, value, arguments) => Order(context, value, arguments, ">") > 0,
        [">="] = (context, value, arguments) => Order(context, value, arguments, ">=") >= 0,
        ["ge"] = (context, value, arguments) => Order(context, value, arguments, ">=") >= 0,
        ["<"] = (context, value, arguments) => Order(context, value, arguments, "<") < 0,
        ["lt"] = (context, value, arguments) => Order(context, value, arguments, "<") < 0,
        ["lessthan"] = (context, value, arguments) => Order(context, value, arguments, "<") < 0,
        ["<="] = (context, value, arguments) => Order(context, value, arguments, "<=") <= 0,
        ["le"] = (context, value, arguments) => Order(context, value, arguments, "<=") <= 0,
    }.ToFrozenDictionary();

    public static bool Exists(string name) => s_all.ContainsKey(name);

    public static bool Apply(RenderContext context, string name, object? value, Arguments arguments) =>
        s_all.TryGetValue(name, out Test? test)
            ? test(context, name == "escaped" ? value : SafeText.Plain(value), arguments.Plain())
            : throw TemplateError.Unsupported($"test '{name}' is not supported");

    private static object? One(Arguments arguments) => arguments.Bind("test", 1, "other")[0];

    private static bool Equal(RenderContext context, object? value, Arguments arguments) => context.AreEqual(value, One(arguments));

    private static int? Order(RenderContext context, object? value, Arguments arguments, string symbol)
    {
        object? other = One(arguments);
        context.Meter.Charge(Math.Min(TemplateValue.WeightOf(value), TemplateValue.WeightOf(other)));
        return Comparison.Compare(value, other, symbol);
    }

    private static bool Cased(RenderContext context, object? value, string method) =>
        StringMethods.Find(context.Str(value), method)!.Call(context, Arguments.None) is true;

    private static bool IsZero(object? number) => Types.IsNumber(number) && !Types.IsTrue(number);

    private static bool IsSame(object? left, object? right) => (left, right) switch
    {
        (bool a, bool b) => a == b,
        (BigInteger a, BigInteger b) => a == b,
        (string a, string b) => string.Equals(a, b, StringComparison.Ordinal),
        _ => ReferenceEquals(left, right),
    };
}
