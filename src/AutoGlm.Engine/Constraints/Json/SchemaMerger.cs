using System.Text.Json;
using System.Text.Json.Nodes;
using AutoGlm.Engine.Constraints.Automata;

namespace AutoGlm.Engine.Constraints.Json;

/// <summary>Makes one schema of several that all hold, without <c>$ref</c> and <c>allOf</c> at its top.</summary>
internal sealed class SchemaMerger(SchemaReferences references)
{
    private static readonly HashSet<string> s_larger = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];
    private static readonly HashSet<string> s_smaller = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];

    /// <summary>What merging may cost in all: schemas that refer to others twice, which do too, would double it at each step.</summary>
    private const long MostWork = 1 << 24;

    private const int WorkOfOne = 1024;

    private int _depth;
    private long _work;

    /// <summary>A schema with a reference and more beside it.</summary>
    public JsonElement WithoutReference(SchemaNode schema)
    {
        JsonElement reference = schema.Get("$ref");
        string pointer = SchemaReferences.Pointer(reference, schema.At("$ref"));
        JsonElement target = references.Resolve(pointer, schema.At("$ref"));
        return schema.Without("$ref") is { } rest ? Both(rest, schema.Path, target, pointer) : target;
    }

    public JsonElement WithoutAllOf(SchemaNode schema)
    {
        JsonElement merged = schema.Without("allOf") ?? JsonSerializer.SerializeToElement(true);
        JsonElement[] parts = schema.Array(schema.Get("allOf"), "allOf");
        for (int i = 0; i < parts.Length; i++) merged = Both(merged, schema.Path, parts[i], $"{schema.At("allOf")}/{i}");
        return merged;
    }

    /// <exception cref="GrammarException">They cannot be made one.</exception>
    public JsonElement Both(JsonElement left, string leftPath, JsonElement right, string rightPath)
    {
        _work += WorkOfOne + left.GetRawText().Length + right.GetRawText().Length;
        if (_work > MostWork) throw new GrammarException(leftPath, "schemas that hold together (allOf, or keywords beside $ref, anyOf and oneOf) take too much work to be made one; use fewer or smaller ones");
        left = Flat(left, leftPath);
        right = Flat(right, rightPath);
        if (left.ValueKind == JsonValueKind.True || right.ValueKind == JsonValueKind.False) return right;
        if (right.ValueKind == JsonValueKind.True || left.ValueKind == JsonValueKind.False) return left;
        SchemaNode one = new(left, leftPath), other = new(right, rightPath);
        one.CheckKeywords();
        other.CheckKeywords();
        JsonObject merged = [];
        foreach (JsonProperty keyword in left.EnumerateObject()) Put(merged, keyword);
        MergeObjects(merged, one, other);
        foreach (JsonProperty keyword in right.EnumerateObject())
        {
            if (SchemaNode.IsNote(keyword.Name) || keyword.Name is "properties" or "additionalProperties" or "nullable") continue;
            if (!merged.TryGetPropertyValue(keyword.Name, out JsonNode? there)) Put(merged, keyword);
            else if (!JsonNode.DeepEquals(there, Node(keyword.Value))) merged[keyword.Name] = Merge(keyword, there!, other);
        }

        if (one.Flag("nullable") && !other.Flag("nullable")) merged.Remove("nullable");
        if (merged["type"] is JsonArray { Count: 0 }) return JsonSerializer.SerializeToElement(false);
        return JsonSerializer.SerializeToElement(merged);
    }

    private JsonElement Flat(JsonElement schema, string path)
    {
        if (++_depth > GrammarLimits.Depth) throw new GrammarException(path, "references and allOf lead in a circle");
        if (schema.ValueKind == JsonValueKind.Object)
        {
            SchemaNode node = new(schema, path);
            if (node.Has("$ref")) schema = Flat(WithoutReference(node), path);
            else if (node.Has("allOf")) schema = Flat(WithoutAllOf(node), path);
        }
        else if (schema.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            throw new GrammarException(path, "a schema should be an object, true or false");
        }

        _depth--;
        return schema;
    }

    /// <summary>Properties of both; those of one alone satisfy what the other says of others.</summary>
    private static void MergeObjects(JsonObject merged, SchemaNode one, SchemaNode other)
    {
        JsonProperty[] mine = one.Properties("properties"), theirs = other.Properties("properties");
        JsonObject properties = [];
        foreach (JsonProperty property in mine)
        {
            JsonElement? also = theirs.Any(same => same.Name == property.Name) ? other.Get("properties").GetProperty(property.Name) : Others(other);
            properties[property.Name] = AllOf(property.Value, also);
        }

        foreach (JsonProperty property in theirs.Where(property => mine.All(same => same.Name != property.Name))) properties[property.Name] = AllOf(property.Value, Others(one));
        if (properties.Count > 0) merged["properties"] = properties;
        if (Others(one) is { } ours) merged["additionalProperties"] = AllOf(ours, Others(other));
        else if (Others(other) is { } their) merged["additionalProperties"] = Node(their);
    }

    private static JsonElement? Others(SchemaNode schema) => schema.TryGet("additionalProperties", out JsonElement others) ? others : null;

    private static JsonNode? AllOf(JsonElement schema, JsonElement? also)
    {
        if (also is not { } second || second.ValueKind == JsonValueKind.True) return Node(schema);
        if (schema.ValueKind == JsonValueKind.True || second.ValueKind == JsonValueKind.False) return Node(second);
        return JsonElement.DeepEquals(schema, second) ? Node(schema) : new JsonObject { ["allOf"] = new JsonArray(Node(schema), Node(second)) };
    }

    private static JsonNode? Merge(JsonProperty keyword, JsonNode there, SchemaNode schema)
    {
        switch (keyword.Name)
        {
            case "type":
                return new JsonArray([.. Types(there).SelectMany(type => Common(type, schema.Types())).Distinct().Select(type => (JsonNode)type)]);
            case "required":
                return new JsonArray([.. there.AsArray().Concat(Node(keyword.Value)!.AsArray()).Select(name => name!.ToString()).Distinct().Select(name => (JsonNode)name)]);
            case "enum":
                JsonNode values = Node(keyword.Value)!;
                return new JsonArray([.. there.AsArray().Where(value => values.AsArray().Any(other => JsonNode.DeepEquals(value, other))).Select(value => value?.DeepClone())]);
            case "items":
                return new JsonObject { ["allOf"] = new JsonArray(there.DeepClone(), Node(keyword.Value)) };
            case "uniqueItems":
                return true;
        }

        bool larger = s_larger.Contains(keyword.Name);
        if (!(larger || s_smaller.Contains(keyword.Name)) || there.GetValueKind() != JsonValueKind.Number || keyword.Value.ValueKind != JsonValueKind.Number)
        {
            throw schema.Error(keyword.Name, "it stands in several schemas that hold together, which cannot be made one");
        }

        bool mine = keyword.Value.GetDouble() > there.GetValue<JsonElement>().GetDouble();
        return mine == larger ? Node(keyword.Value) : there.DeepClone();
    }

    private static IEnumerable<string> Common(string type, string[] types)
    {
        if (types.Contains(type)) yield return type;
        else if (type == "integer" && types.Contains("number")) yield return "integer";
        else if (type == "number" && types.Contains("integer")) yield return "integer";
    }

    private static IEnumerable<string> Types(JsonNode node) => node is JsonArray list ? list.Select(type => type!.ToString()) : [node.ToString()];

    private static void Put(JsonObject merged, JsonProperty keyword)
    {
        if (!SchemaNode.IsNote(keyword.Name)) merged[keyword.Name] = Node(keyword.Value);
    }

    private static JsonNode? Node(JsonElement element) => JsonNode.Parse(element.GetRawText(), documentOptions: new JsonDocumentOptions { MaxDepth = 2 * GrammarLimits.Depth });
}
