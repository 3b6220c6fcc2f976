using System.Text.Json;

namespace AutoGlm.Engine.Constraints.Json;

/// <summary>
/// Whether the branches of a <c>oneOf</c> exclude each other as they are generated: then what satisfies one satisfies exactly one.
/// </summary>
/// <param name="merger">Makes branches one schema each.</param>
internal sealed class SchemaDisjointness(SchemaMerger merger)
{
    private const int MostBranches = 64;

    /// <exception cref="GrammarException">Two branches may hold together, as far as can be seen.</exception>
    public void Check(JsonElement[] branches, SchemaNode schema)
    {
        if (branches.Length > MostBranches) throw schema.Error("oneOf", $"over {MostBranches} branches are not supported; use anyOf");
        JsonElement none = JsonSerializer.SerializeToElement(true);
        JsonElement[] flat = [.. branches.Select((branch, i) => merger.Both(branch, $"{schema.At("oneOf")}/{i}", none, schema.Path))];
        for (int i = 0; i < flat.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                if (!AreDisjoint(flat[j], flat[i], schema.Path)) throw schema.Error("oneOf", $"branches {j} and {i} do not exclude each other by type, constants or a required property of constants; use anyOf");
            }
        }
    }

    private bool AreDisjoint(JsonElement left, JsonElement right, string path)
    {
        if (left.ValueKind == JsonValueKind.False || right.ValueKind == JsonValueKind.False) return true;
        if (left.ValueKind != JsonValueKind.Object || right.ValueKind != JsonValueKind.Object) return false;
        SchemaNode one = new(left, path), other = new(right, path);
        if (one.Flag("nullable") && other.Flag("nullable")) return false;
        if (DifferentConstants(one, other)) return true;
        if (one.Has("anyOf") || one.Has("oneOf") || other.Has("anyOf") || other.Has("oneOf")) return false;
        string[] mine = Covered(one), theirs = Covered(other);
        if (!mine.Intersect(theirs).Any()) return true;
        if (mine is not ["object"] || theirs is not ["object"]) return false;
        HashSet<string> required = one.Texts("required");
        required.IntersectWith(other.Texts("required"));
        if (required.Any(name => HasDifferent(one, other, name))) return true;
        return RequiresWhatOtherLacks(one, other) && RequiresWhatOtherLacks(other, one);
    }

    private bool HasDifferent(SchemaNode one, SchemaNode other, string name)
    {
        if (!one.TryGet("properties", out JsonElement mine) || !mine.TryGetProperty(name, out JsonElement left)) return false;
        if (!other.TryGet("properties", out JsonElement theirs) || !theirs.TryGetProperty(name, out JsonElement right)) return false;
        JsonElement none = JsonSerializer.SerializeToElement(true);
        left = merger.Both(left, one.Path, none, one.Path);
        right = merger.Both(right, other.Path, none, other.Path);
        return left.ValueKind == JsonValueKind.Object && right.ValueKind == JsonValueKind.Object && DifferentConstants(new SchemaNode(left, one.Path), new SchemaNode(right, other.Path));
    }

    private static bool DifferentConstants(SchemaNode one, SchemaNode other) =>
        Constants(one) is { } mine && Constants(other) is { } theirs && mine.All(value => theirs.All(same => !JsonElement.DeepEquals(value, same)));

    private static JsonElement[]? Constants(SchemaNode schema)
    {
        if (schema.TryGet("const", out JsonElement constant)) return [constant];
        return schema.TryGet("enum", out JsonElement values) ? schema.Array(values, "enum") : null;
    }

    private static string[] Covered(SchemaNode schema)
    {
        string[] types = schema.TryGet("const", out _) || schema.TryGet("enum", out _)
            ? [.. Constants(schema)!.Select(value => SchemaNode.TypeOf(value)).Distinct()]
            : [.. schema.Types().Select(type => type == "integer" ? "number" : type)];
        return schema.Flag("nullable") ? [.. types, "null"] : types;
    }

    private static bool RequiresWhatOtherLacks(SchemaNode one, SchemaNode other)
    {
        bool isOpen = other.TryGet("additionalProperties", out JsonElement others) ? others.ValueKind != JsonValueKind.False : other.Properties("properties").Length == 0;
        return !isOpen && one.Texts("required").Any(name => !other.Texts("required").Contains(name) && other.Properties("properties").All(property => property.Name != name));
    }
}
