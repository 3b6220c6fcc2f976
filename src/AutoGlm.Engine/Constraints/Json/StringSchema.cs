using AutoGlm.Engine.Constraints.Patterns;
using AutoGlm.Engine.Constraints.Syntax;

namespace AutoGlm.Engine.Constraints.Json;

/// <summary>Schemas of strings.</summary>
internal sealed class StringSchema(SchemaNode schema)
{
    public Expression Compile()
    {
        (int least, int? most) = schema.Counts("minLength", "maxLength");
        bool isCounted = least > 0 || most is not null;
        string? pattern = schema.Text("pattern"), format = schema.Text("format");
        if (format is not null && NumberSchema.IsFormat(format)) format = null;
        if (pattern is null && format is null) return JsonSyntax.StringOf(least, most);
        if (isCounted) throw schema.Error(schema.Has("minLength") ? "minLength" : "maxLength", $"it is not supported beside {(pattern is null ? "format" : "pattern")}; let the pattern count, as in ^.{{1,20}}$");
        if (pattern is not null && format is not null) throw schema.Error("format", "it is not supported beside pattern");
        string source = pattern ?? StringFormats.Pattern(format!) ?? throw schema.Error("format", $"'{format}' is not supported; {string.Join(", ", StringFormats.Names)} are");
        Expression content = PatternParser.Parse(source, schema.At(pattern is null ? "format" : "pattern"), anchored: false, JsonSyntax.Escaped);
        return Expression.Of(Expression.Text("\""), content, Expression.Text("\""));
    }
}
