using System.Numerics;

namespace AutoGlm.Formats.Chat.Values;

/// <summary>Types and truth, as Python has them.</summary>
internal static class Types
{
    public static string NameOf(object? value) => value switch
    {
        null => "NoneType",
        bool => "bool",
        BigInteger => "int",
        double => "float",
        string => "str",
        TemplateValue other => other.TypeName,
        _ => value.GetType().Name,
    };

    /// <summary>bool(value).</summary>
    public static bool IsTrue(object? value) => value switch
    {
        null or UndefinedValue => false,
        bool truth => truth,
        BigInteger number => !number.IsZero,
        double number => number != 0,
        string text => text.Length > 0,
        SafeText safe => safe.Text.Length > 0,
        SequenceValue sequence => sequence.Items.Count > 0,
        DictValue dictionary => dictionary.Count > 0,
        LoopValue loop => loop.Length > 0,
        _ => true,
    };

    /// <summary>Numbers, truth values among them, as an integer.</summary>
    public static bool IsInteger(object? value, out BigInteger number)
    {
        number = value switch
        {
            BigInteger integer => integer,
            true => BigInteger.One,
            _ => BigInteger.Zero,
        };
        return value is BigInteger or bool;
    }

    public static bool IsNumber(object? value) => value is BigInteger or bool or double;

    public static double ToDouble(object? number) => number switch
    {
        double real => real,
        BigInteger integer => Finite((double)integer),
        true => 1,
        _ => 0,
    };

    private static double Finite(double value) =>
        double.IsFinite(value) ? value : throw TemplateError.Value("int too large to convert to float");
}
