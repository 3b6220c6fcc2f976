using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace AutoGlm.Engine.Tests.Constraints;

/// <summary>JSON Schema by its definition, as far as tests need it: whether a value satisfies a schema.</summary>
internal sealed class SchemaValidator(JsonElement document)
{
    public bool IsValid(JsonElement value) => IsValid(value, document);

    private bool IsValid(JsonElement value, JsonElement schema)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False) return schema.GetBoolean();
        if (value.ValueKind == JsonValueKind.Null && schema.TryGetProperty("nullable", out JsonElement nullable) && nullable.GetBoolean()) return true;
        return schema.EnumerateObject().All(keyword => Holds(keyword.Name, keyword.Value, value, schema));
    }

    private bool Holds(string keyword, JsonElement argument, JsonElement value, JsonElement schema) => keyword switch
    {
        "type" => Items(argument).Any(type => IsType(value, type.GetString()!)),
        "enum" => argument.EnumerateArray().Any(item => JsonElement.DeepEquals(item, value)),
        "const" => JsonElement.DeepEquals(argument, value),
        "$ref" => IsValid(value, Resolve(argument.GetString()!)),
        "anyOf" => argument.EnumerateArray().Any(branch => IsValid(value, branch)),
        "oneOf" => argument.EnumerateArray().Count(branch => IsValid(value, branch)) == 1,
        "allOf" => argument.EnumerateArray().All(branch => IsValid(value, branch)),
        _ => value.ValueKind switch
        {
            JsonValueKind.Object => HoldsForObject(keyword, argument, value, schema),
            JsonValueKind.Array => HoldsForArray(keyword, argument, value, schema),
            JsonValueKind.String => HoldsForString(keyword, argument, value.GetString()!),
            JsonValueKind.Number => HoldsForNumber(keyword, argument, value),
            _ => true,
        },
    };

    private bool HoldsForObject(string keyword, JsonElement argument, JsonElement value, JsonElement schema) => keyword switch
    {
        "properties" => value.EnumerateObject().All(property => !argument.TryGetProperty(property.Name, out JsonElement own) || IsValid(property.Value, own)),
        "required" => argument.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _)),
        "additionalProperties" => value.EnumerateObject().All(property =>
            (schema.TryGetProperty("properties", out JsonElement named) && named.TryGetProperty(property.Name, out _)) || IsValid(property.Value, argument)),
        "minProperties" => value.EnumerateObject().Select(property => property.Name).Distinct().Count() >= argument.GetInt32(),
        "maxProperties" => value.EnumerateObject().Select(property => property.Name).Distinct().Count() <= argument.GetInt32(),
        _ => true,
    };

    private bool HoldsForArray(string keyword, JsonElement argument, JsonElement value, JsonElement schema)
    {
        int prefix = schema.TryGetProperty("prefixItems", out JsonElement tuple) ? tuple.GetArrayLength() : 0;
        return keyword switch
        {
            "items" => value.EnumerateArray().Skip(prefix).All(item => IsValid(item, argument)),
            "prefixItems" => value.EnumerateArray().Zip(argument.EnumerateArray()).All(pair => IsValid(pair.First, pair.Second)),
            "minItems" => value.GetArrayLength() >= argument.GetInt32(),
            "maxItems" => value.GetArrayLength() <= argument.GetInt32(),
            _ => true,
        };
    }

    private static bool HoldsForString(string keyword, JsonElement argument, string value) => keyword switch
    {
        "minLength" => value.EnumerateRunes().Count() >= argument.GetInt32(),
        "maxLength" => value.EnumerateRunes().Count() <= argument.GetInt32(),
        "pattern" => Regex.IsMatch(value, argument.GetString()!, RegexOptions.ECMAScript),
        "format" => HasFormat(value, argument.GetString()!),
        _ => true,
    };

    private static bool HoldsForNumber(string keyword, JsonElement argument, JsonElement value) => keyword switch
    {
        "minimum" => Number(value).CompareTo(Number(argument)) >= 0,
        "maximum" => Number(value).CompareTo(Number(argument)) <= 0,
        "exclusiveMinimum" => Number(value).CompareTo(Number(argument)) > 0,
        "exclusiveMaximum" => Number(value).CompareTo(Number(argument)) < 0,
        _ => true,
    };

    private static bool HasFormat(string value, string format) => format switch
    {
        "date" => DateOnly.TryParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "time" => DateTimeOffset.TryParse("2000-01-01T" + value, CultureInfo.InvariantCulture, out _),
        "date-time" => DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, out _) || value.StartsWith("0001-01-01") || value.StartsWith("9999-12-31"),
        "uuid" => Guid.TryParseExact(value, "D", out _),
        "email" => System.Net.Mail.MailAddress.TryCreate(value, out _),
        "ipv4" => System.Net.IPAddress.TryParse(value, out _) && value.Split('.').Length == 4,
        "ipv6" => System.Net.IPAddress.TryParse(value, out _) && value.Contains(':'),
        "hostname" => Uri.CheckHostName(value) == UriHostNameType.Dns || Uri.CheckHostName(value) == UriHostNameType.IPv4,
        "uri" => Uri.TryCreate(value, UriKind.Absolute, out _),
        "duration" => value.StartsWith('P') && value.Length > 2 && !value.EndsWith('T'),
        _ => true,
    };

    private static bool IsType(JsonElement value, string type) => type switch
    {
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && Math.Floor(number) == number,
        "number" => value.ValueKind == JsonValueKind.Number,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        _ => value.ValueKind.ToString().Equals(type, StringComparison.OrdinalIgnoreCase),
    };

    /// <summary>An exact decimal in units of 10^-60.</summary>
    private static BigInteger Number(JsonElement value)
    {
        string[] parts = value.GetRawText().ToLowerInvariant().Split('e');
        string[] digits = parts[0].TrimStart('-').Split('.');
        int shift = 60 + (parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0) - (digits.Length > 1 ? digits[1].Length : 0);
        BigInteger number = BigInteger.Parse(string.Concat(digits), CultureInfo.InvariantCulture);
        number = shift >= 0 ? number * BigInteger.Pow(10, shift) : number / BigInteger.Pow(10, -shift);
        return parts[0].StartsWith('-') ? -number : number;
    }

    private static IEnumerable<JsonElement> Items(JsonElement argument) => argument.ValueKind == JsonValueKind.Array ? argument.EnumerateArray() : [argument];

    private JsonElement Resolve(string pointer)
    {
        JsonElement at = document;
        foreach (string part in pointer.Split('/').Skip(1)) at = at.GetProperty(part);
        return at;
    }
}
