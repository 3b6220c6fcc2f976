using System.Text.Json;
using AutoGlm.Engine.Constraints.Automata;
using AutoGlm.Engine.Constraints.Syntax;

namespace AutoGlm.Engine.Constraints.Json;

/// <summary>
/// JSON Schema (draft 2020-12, and what drafts 4 to 7 and OpenAPI 3.0 spell otherwise) as a grammar. What it generates always
/// satisfies the schema; what it cannot follow it refuses, by path and keyword. docs/structured-output.md states the subset.
/// </summary>
internal sealed class JsonSchemaCompiler
{
    private const int MostSchemas = 20_000;

    private readonly JsonSyntax _syntax;
    private readonly SchemaReferences _references;
    private readonly SchemaMerger _merger;
    private readonly Dictionary<string, Rule> _rules = new(StringComparer.Ordinal);
    private int _depth;
    private int _count;

    private JsonSchemaCompiler(JsonElement document, JsonWhitespace whitespace)
    {
        _syntax = new JsonSyntax(whitespace);
        _references = new SchemaReferences(document);
        _merger = new SchemaMerger(_references);
    }

    /// <exception cref="GrammarException">The schema is malformed, or uses what is not supported.</exception>
    /// <param name="schema">The whole document.</param>
    /// <param name="whitespace">White space that is let through.</param>
    /// <param name="pointer">The part of it that is meant.</param>
    public static Expression Compile(JsonElement schema, JsonWhitespace whitespace, string pointer = "#")
    {
        JsonSchemaCompiler compiler = new(schema, whitespace);
        return compiler.Reference(pointer, pointer);
    }

    private Expression Reference(string pointer, string path)
    {
        if (_rules.TryGetValue(pointer, out Rule? known)) return new RuleCall(known);
        JsonElement target = _references.Resolve(pointer, path);
        Rule rule = new(pointer);
        _rules[pointer] = rule;
        rule.Body = Of(target, pointer);
        return new RuleCall(rule);
    }

    private Expression Of(JsonElement schema, string path)
    {
        if (++_depth > GrammarLimits.Depth) throw new GrammarException(path, $"schemas nest over {GrammarLimits.Depth} deep");
        if (++_count > MostSchemas) throw new GrammarException(path, $"over {MostSchemas:N0} schemas in one");
        Expression result = schema.ValueKind switch
        {
            JsonValueKind.True => _syntax.Value,
            JsonValueKind.False => Expression.Never,
            JsonValueKind.Object => OfObject(new SchemaNode(schema, path)),
            _ => throw new GrammarException(path, "a schema should be an object, true or false"),
        };
        _depth--;
        return result;
    }

    private Expression OfObject(SchemaNode schema)
    {
        schema.CheckKeywords();
        Expression body = OfKeywords(schema);
        return schema.Flag("nullable") ? Expression.Any(body, JsonSyntax.Literal("null")) : body;
    }

    private Expression OfKeywords(SchemaNode schema)
    {
        if (schema.TryGet("$ref", out JsonElement reference))
        {
            if (schema.HasOnly("$ref")) return Reference(SchemaReferences.Pointer(reference, schema.At("$ref")), schema.At("$ref"));
            return Of(_merger.WithoutReference(schema), schema.Path);
        }

        if (schema.Has("allOf")) return Of(_merger.WithoutAllOf(schema), schema.Path);
        if (schema.Has("anyOf")) return OfBranches(schema, "anyOf");
        if (schema.Has("oneOf")) return OfBranches(schema, "oneOf");
        if (schema.TryGet("const", out JsonElement constant)) return Constants(schema, [constant], "const");
        if (schema.TryGet("enum", out JsonElement values)) return Constants(schema, schema.Array(values, "enum"), "enum");
        string[] types = schema.Types();
        return Expression.Any([.. types.Select(type => OfType(schema, type))]);
    }

    private Expression OfBranches(SchemaNode schema, string keyword)
    {
        JsonElement[] branches = schema.Array(schema.Get(keyword), keyword);
        if (branches.Length == 0) throw schema.Error(keyword, "it should have at least one schema");
        if (keyword == "oneOf") new SchemaDisjointness(_merger).Check(branches, schema);
        JsonElement? rest = schema.Without(keyword);
        List<Expression> ways = [];
        for (int i = 0; i < branches.Length; i++)
        {
            string path = $"{schema.At(keyword)}/{i}";
            ways.Add(rest is { } common ? Of(_merger.Both(common, schema.Path, branches[i], path), path) : Of(branches[i], path));
        }

        return Expression.Any(ways);
    }

    private Expression Constants(SchemaNode schema, JsonElement[] values, string keyword)
    {
        if (values.Length == 0) throw schema.Error(keyword, "it should have at least one value");
        schema.CheckOnly(keyword, "type", "const", "enum");
        string[] types = schema.Types();
        if (keyword == "const" && schema.Has("enum")) throw schema.Error("enum", "it is not supported beside const");
        return Expression.Any([.. values.Where(value => SchemaNode.IsOf(value, types)).Select(value => JsonSyntax.Literal(CompactJson.Write(value, schema.At(keyword))))]);
    }

    private Expression OfType(SchemaNode schema, string type) => type switch
    {
        "object" => OfProperties(schema),
        "array" => OfItems(schema),
        "string" => new StringSchema(schema).Compile(),
        "integer" => NumberSchema.Integer(schema),
        "number" => NumberSchema.Number(schema),
        "boolean" => Expression.Any(JsonSyntax.Literal("true"), JsonSyntax.Literal("false")),
        "null" => JsonSyntax.Literal("null"),
        _ => throw schema.Error("type", $"there is no type '{type}'"),
    };

    private Expression OfProperties(SchemaNode schema)
    {
        JsonProperty[] named = schema.Properties("properties");
        HashSet<string> required = schema.Texts("required");
        (int leastCount, int? mostCount) = schema.Counts("minProperties", "maxProperties");
        bool hasOthers = schema.TryGet("additionalProperties", out JsonElement others);
        if (named.Length > 0 && (leastCount > 0 || mostCount is not null)) throw schema.Error("minProperties", "counts of properties are supported for objects without named ones only");
        if (leastCount > 1) throw schema.Error("minProperties", "more than 1 is not supported, since equal names would count once");
        Expression other = hasOthers ? Of(others, schema.At("additionalProperties")) : _syntax.Value;
        List<(Expression, bool)> properties = [];
        foreach (JsonProperty property in named)
        {
            Expression value = Of(property.Value, schema.At("properties", property.Name));
            properties.Add((_syntax.Property(Expression.Text(JsonSyntax.Quote(property.Name)), value), required.Contains(property.Name)));
        }

        string[] unnamed = [.. required.Except(named.Select(property => property.Name))];
        foreach (string name in unnamed) properties.Add((_syntax.Property(Expression.Text(JsonSyntax.Quote(name)), other), true));

        // Where the schema names properties and says nothing of others, there are none: a subset of what it allows.
        bool isOpen = hasOthers ? !IsNever(other) : named.Length == 0;
        if (!isOpen) return _syntax.ObjectOf(WithoutNever(properties), null, 0, null);
        Expression name_ = properties.Count == 0 ? JsonSyntax.String : OtherNames.Of([.. named.Select(property => property.Name), .. unnamed]);
        return _syntax.ObjectOf(WithoutNever(properties), _syntax.Property(name_, other), leastCount, mostCount);
    }

    /// <summary>Optional properties that no value satisfies are left out.</summary>
    private static List<(Expression, bool)> WithoutNever(List<(Expression Item, bool Required)> properties) =>
        [.. properties.Where(property => property.Required || !(property.Item is Sequence sequence && sequence.Items.Any(IsNever)))];

    private Expression OfItems(SchemaNode schema)
    {
        (int least, int? most) = schema.Counts("minItems", "maxItems");
        if (schema.Flag("uniqueItems")) throw schema.Error("uniqueItems", "it is not supported");
        bool hasItems = schema.TryGet("items", out JsonElement items);
        bool isOldTuple = hasItems && items.ValueKind == JsonValueKind.Array;
        string prefixKeyword = isOldTuple ? "items" : "prefixItems", restKeyword = isOldTuple ? "additionalItems" : "items";
        JsonElement[] prefix = schema.TryGet(prefixKeyword, out JsonElement tuple) ? schema.Array(tuple, prefixKeyword) : [];
        bool hasRest = schema.TryGet(restKeyword, out JsonElement rest);
        if (prefix.Length > GrammarLimits.Depth) throw schema.Error(prefixKeyword, $"over {GrammarLimits.Depth} items are not supported");
        Expression further = hasRest ? Of(rest, schema.At(restKeyword)) : _syntax.Value;
        // As with properties: items beyond those listed come only where the schema speaks of them, or needs them.
        bool mayGoOn = !IsNever(further) && (hasRest || prefix.Length == 0 || least > prefix.Length);
        if (!hasRest && prefix.Length > 0) most = Math.Min(most ?? int.MaxValue, Math.Max(least, prefix.Length));
        int listed = Math.Min(prefix.Length, most ?? int.MaxValue);
        Expression[] first = [.. prefix.Take(listed).Select((item, i) => Of(item, $"{schema.At(prefixKeyword)}/{i}"))];
        return _syntax.Array(first, mayGoOn ? further : null, least, most);
    }

    private static bool IsNever(Expression expression) => expression is Choice { Items.Count: 0 };
}
