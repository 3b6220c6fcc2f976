using System.Text.Json;
using AutoGlm.Engine.Constraints;
using AutoGlm.Engine.Constraints.Json;
using AutoGlm.Engine.Constraints.Syntax;

namespace AutoGlm.Engine.Tools;

/// <summary>Calls as tags around the name and around each argument, whose strings stand unquoted: GLM-4.5 and later, Qwen3-Coder and 3.5.</summary>
internal sealed class TaggedToolFormat : ToolFormat
{
    public required string Family { get; init; }

    public override string Name => Family;

    /// <summary>Between the opening tag and the name.</summary>
    public required string BeforeName { get; init; }

    public required string AfterName { get; init; }

    public required string BeforeKey { get; init; }

    public required string AfterKey { get; init; }

    public required string AfterValue { get; init; }

    /// <summary>After the last argument.</summary>
    public required string Close { get; init; }

    /// <summary>Whether line breaks stand between tags.</summary>
    public required bool HasLines { get; init; }

    /// <summary>GLM-4.5 and later.</summary>
    public static TaggedToolFormat Glm(bool hasLines) => new()
    {
        Family = "glm",
        BeforeName = "",
        AfterName = hasLines ? "\n" : "",
        BeforeKey = "<arg_key>",
        AfterKey = hasLines ? "</arg_key>\n<arg_value>" : "</arg_key><arg_value>",
        AfterValue = "</arg_value>",
        Close = "</tool_call>",
        HasLines = hasLines,
    };

    /// <summary>Qwen3-Coder and Qwen3.5.</summary>
    public static TaggedToolFormat Qwen { get; } = new()
    {
        Family = "qwen-xml",
        BeforeName = "\n<function=",
        AfterName = ">\n",
        BeforeKey = "<parameter=",
        AfterKey = ">\n",
        AfterValue = "\n</parameter>",
        Close = "</function>\n</tool_call>",
        HasLines = true,
    };

    public override IReadOnlyList<string> Markers => ["<tool_call>"];

    public override Expression CallsAfter(string marker, CallGrammar calls)
    {
        Expression call = calls.AnyTool(tool => Expression.Of(Text(calls, BeforeName + tool.Name + AfterName), Arguments(tool, calls), Text(calls, Close)));
        return calls.Several(call, Expression.Of(Expression.Text("\n").Optional(), calls.Marker(marker)));
    }

    public override ICallReader ReaderAfter(string marker, IReadOnlyList<ToolDefinition> tools) => new TaggedCallReader(this, tools);

    private Expression Arguments(ToolDefinition tool, CallGrammar calls)
    {
        if (tool.Parameters is not { ValueKind: JsonValueKind.Object } schema || !schema.TryGetProperty("properties", out JsonElement properties) || properties.ValueKind != JsonValueKind.Object) return Expression.Empty;
        string[] required = schema.TryGetProperty("required", out JsonElement list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray().Select(name => name.ToString())] : [];
        List<(Expression, bool)> items = [];
        foreach (JsonProperty property in properties.EnumerateObject())
        {
            Expression value = Expression.Of(Text(calls, BeforeKey + property.Name + AfterKey), Value(tool, schema, property, calls), Expression.Text(HasLines ? "\n" : ""));
            items.Add((value, required.Contains(property.Name)));
        }

        return new SeparatedList(items, Expression.Empty, null, 0, null);
    }

    /// <summary>A value and the tag after it: strings as they are, everything else as JSON.</summary>
    private Expression Value(ToolDefinition tool, JsonElement root, JsonProperty property, CallGrammar calls)
    {
        if (TaggedCallReader.IsString(property.Value))
        {
            if (!property.Value.TryGetProperty("enum", out JsonElement values) || values.ValueKind != JsonValueKind.Array) return new TextUntil([(calls.MarkerBytes(AfterValue), Expression.Empty)], MayEnd: false);
            return Expression.Of(Expression.Any([.. values.EnumerateArray().Select(value => Expression.Text(value.ToString()))]), Text(calls, AfterValue));
        }

        try
        {
            return Expression.Of(JsonSchemaCompiler.Compile(root, JsonWhitespace.Limited, $"#/properties/{property.Name.Replace("~", "~0").Replace("/", "~1")}"), Text(calls, AfterValue));
        }
        catch (GrammarException) when (!tool.IsStrict)
        {
            return Expression.Of(calls.Json.Value, Text(calls, AfterValue));
        }
    }

    /// <summary>Tags and text, with the tags that are control tokens as such.</summary>
    private static Expression Text(CallGrammar calls, string text)
    {
        List<Expression> parts = [];
        while (text.Length > 0)
        {
            int open = text.IndexOf('<'), close = open < 0 ? -1 : text.IndexOf('>', open);
            if (close < 0) (open, close) = (text.Length, text.Length - 1);
            if (open > 0) parts.Add(Expression.Text(text[..open]));
            if (open <= close) parts.Add(calls.Marker(text[open..(close + 1)]));
            text = text[(close + 1)..];
        }

        return Expression.Of([.. parts]);
    }
}
