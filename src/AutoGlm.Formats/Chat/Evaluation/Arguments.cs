using System.Numerics;
using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Evaluation;

/// <summary>Evaluated arguments of a call.</summary>
internal sealed record Arguments(IReadOnlyList<object?> Positional, IReadOnlyList<KeyValuePair<string, object?>> Named)
{
    public static Arguments None { get; } = new([], []);

    public static Arguments Of(params object?[] positional) => new(positional, []);

    /// <summary>Matches arguments with parameters; those after <paramref name="required"/> may be left out.</summary>
    public BoundArguments Bind(string function, int required, params string[] parameters)
    {
        if (Positional.Count > parameters.Length)
        {
            throw TemplateError.Value($"{function}() takes at most {parameters.Length} arguments ({Positional.Count} given)");
        }

        var values = new object?[parameters.Length];
        var given = new bool[parameters.Length];
        for (int i = 0; i < Positional.Count; i++) (values[i], given[i]) = (Positional[i], true);
        foreach ((string name, object? value) in Named)
        {
            int index = Array.IndexOf(parameters, name);
            if (index < 0) throw TemplateError.Value($"{function}() got an unexpected keyword argument '{name}'");
            if (given[index]) throw TemplateError.Value($"{function}() got multiple values for argument '{name}'");
            (values[index], given[index]) = (value, true);
        }

        int missing = Array.IndexOf(given, false, 0, required);
        if (missing >= 0) throw TemplateError.Value($"{function}() is missing its argument '{parameters[missing]}'");
        return new BoundArguments(function, parameters, values, given);
    }

    /// <summary>The arguments with safe text as plain strings.</summary>
    public Arguments Plain()
    {
        bool isPlain = Positional.All(value => value is not SafeText) && Named.All(argument => argument.Value is not SafeText);
        return isPlain ? this : new Arguments(
            [.. Positional.Select(SafeText.Plain)],
            [.. Named.Select(argument => new KeyValuePair<string, object?>(argument.Key, SafeText.Plain(argument.Value)))]);
    }

    /// <summary>The arguments without the first <paramref name="count"/> positional ones.</summary>
    public Arguments Skip(int count) => new([.. Positional.Skip(count)], Named);
}

/// <summary>Arguments by parameter, with conversions that name function and parameter when they fail.</summary>
internal sealed class BoundArguments(string function, string[] parameters, object?[] values, bool[] given)
{
    public object? this[int index] => values[index];

    public bool Has(int index) => given[index];

    /// <summary>Given, and not None.</summary>
    public bool HasValue(int index) => given[index] && values[index] is not null;

    public object? Or(int index, object? otherwise) => given[index] ? values[index] : otherwise;

    public bool Flag(int index, bool otherwise = false) => given[index] ? Types.IsTrue(values[index]) : otherwise;

    public string Text(int index) => values[index] switch
    {
        string text => text,
        SafeText safe => safe.Text,
        UndefinedValue missing => throw missing.Error(),
        var other => throw Wrong(index, "str", other),
    };

    public string Text(int index, string otherwise) => given[index] ? Text(index) : otherwise;

    /// <summary>An integer, clamped into the range of <see cref="int"/>.</summary>
    public int Integer(int index, int otherwise = 0)
    {
        if (!given[index]) return otherwise;
        if (values[index] is UndefinedValue missing) throw missing.Error();
        if (!Types.IsInteger(values[index], out BigInteger number)) throw Wrong(index, "int", values[index]);
        return (int)BigInteger.Clamp(number, int.MinValue, int.MaxValue);
    }

    private TemplateError Wrong(int index, string wanted, object? found) =>
        TemplateError.Value($"{function}() argument '{parameters[index]}' must be {wanted}, not {Types.NameOf(found)}");
}
