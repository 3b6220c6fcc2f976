using System.Numerics;
using System.Text.Json;
using AutoGlm.Engine.Constraints.Syntax;

namespace AutoGlm.Engine.Constraints.Json;

/// <summary>Schemas of numbers.</summary>
internal static class NumberSchema
{
    private static readonly string[] s_formats = ["int32", "int64", "float", "double"];

    public static bool IsFormat(string format) => s_formats.Contains(format);

    public static Expression Integer(SchemaNode schema)
    {
        Check(schema);
        (DecimalBound? low, DecimalBound? high) = Bounds(schema);
        BigInteger? least = low?.LeastInteger(), most = high?.MostInteger();
        if (schema.Text("format") == "int32")
        {
            least = BigInteger.Max(least ?? int.MinValue, int.MinValue);
            most = BigInteger.Min(most ?? int.MaxValue, int.MaxValue);
        }

        if (least is null && most is null) return JsonSyntax.Integer;
        return least > most ? Expression.Never : IntegerRange.Of(least, most);
    }

    public static Expression Number(SchemaNode schema)
    {
        Check(schema);
        (DecimalBound? low, DecimalBound? high) = Bounds(schema);
        return low is null && high is null ? JsonSyntax.Number : DecimalRange.Of(low, high);
    }

    private static void Check(SchemaNode schema)
    {
        if (schema.TryGet("multipleOf", out JsonElement step) && !(step.ValueKind == JsonValueKind.Number && step.GetRawText() == "1" && schema.Types().Contains("integer")))
        {
            throw schema.Error("multipleOf", "it is not supported; 1 is, for integers");
        }
    }

    private static (DecimalBound? Low, DecimalBound? High) Bounds(SchemaNode schema) =>
        (Tighter(schema, "minimum", "exclusiveMinimum", 1), Tighter(schema, "maximum", "exclusiveMaximum", -1));

    private static DecimalBound? Tighter(SchemaNode schema, string inclusive, string exclusive, int sign)
    {
        DecimalBound? bound = Read(schema, inclusive, isExclusive: false), strict = null;
        // In draft 4 the exclusive one is a flag.
        if (schema.TryGet(exclusive, out JsonElement flag) && flag.ValueKind is JsonValueKind.True or JsonValueKind.False) bound = bound is null ? null : bound with { IsExclusive = flag.GetBoolean() };
        else strict = Read(schema, exclusive, isExclusive: true);
        if (bound is null || strict is null) return bound ?? strict;
        return strict.CompareTo(bound) * sign >= 0 ? strict : bound;
    }

    private static DecimalBound? Read(SchemaNode schema, string keyword, bool isExclusive)
    {
        if (!schema.TryGet(keyword, out JsonElement value)) return null;
        if (value.ValueKind != JsonValueKind.Number) throw schema.Error(keyword, "it should be a number");
        return DecimalBound.Parse(value.GetRawText(), isExclusive) ?? throw schema.Error(keyword, $"{value.GetRawText()} is not supported; numbers of up to 40 digits are");
    }
}
