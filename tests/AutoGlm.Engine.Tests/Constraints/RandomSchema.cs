using System.Text.Json.Nodes;

namespace AutoGlm.Engine.Tests.Constraints;

/// <summary>Random schemas of the supported kind.</summary>
internal sealed class RandomSchema(Random random)
{
    private static readonly string[] s_names = ["a", "ab", "name", "\"q\"", "é", "x\\y", "", "b\nc"];
    private static readonly string[] s_formats = ["date", "time", "date-time", "uuid", "email", "ipv4", "ipv6", "hostname", "uri", "duration"];
    private static readonly string[] s_patterns = ["^[a-c]{2,4}$", "ab", "^x", "[0-9]+$", "^(\"|\\\\|\\n){1,3}$", "^a|b$"];

    public JsonObject Make()
    {
        JsonObject schema = Schema(3);
        schema["$defs"] = new JsonObject
        {
            ["leaf"] = Schema(0),
            ["tree"] = JsonNode.Parse("""{"type":"object","properties":{"v":{"$ref":"#/$defs/leaf"},"kids":{"type":"array","items":{"$ref":"#/$defs/tree"},"maxItems":2}},"required":["v"],"additionalProperties":false}"""),
        };
        return schema;
    }

    private JsonObject Schema(int depth)
    {
        JsonObject schema = random.Next(depth > 0 ? 16 : 8) switch
        {
            0 => new JsonObject { ["type"] = "boolean" },
            1 => Integer(),
            2 => Number(),
            3 => String(),
            4 => new JsonObject { ["type"] = "string", ["format"] = s_formats[random.Next(s_formats.Length)] },
            5 => new JsonObject { ["enum"] = JsonNode.Parse("""[1,"two",null,{"three":[3]},"é\""]""") },
            6 => new JsonObject { ["type"] = new JsonArray("string", "null", "integer"), ["maxLength"] = 3 },
            7 => new JsonObject { ["type"] = "string", ["pattern"] = s_patterns[random.Next(s_patterns.Length)] },
            8 or 9 or 10 => Object(depth),
            11 or 12 => Array(depth),
            13 => new JsonObject { ["anyOf"] = new JsonArray(Schema(depth - 1), Schema(depth - 1)) },
            14 => new JsonObject { ["$ref"] = random.Next(2) == 0 ? "#/$defs/leaf" : "#/$defs/tree" },
            _ => new JsonObject { ["allOf"] = new JsonArray(Object(depth), new JsonObject { ["required"] = new JsonArray("a"), ["properties"] = new JsonObject { ["a"] = new JsonObject() } }) },
        };
        if (random.Next(10) == 0) schema["nullable"] = true;
        if (random.Next(5) == 0) schema["description"] = "some words";
        return schema;
    }

    private JsonObject Object(int depth)
    {
        JsonObject properties = [];
        JsonArray required = [];
        foreach (string name in s_names.OrderBy(_ => random.Next()).Take(random.Next(5)))
        {
            properties[name] = Schema(depth - 1);
            if (random.Next(2) == 0) required.Add((JsonNode)name);
        }

        JsonObject schema = new() { ["type"] = "object", ["properties"] = properties, ["required"] = required };
        if (random.Next(3) == 0) schema["additionalProperties"] = random.Next(2) == 0 ? false : Schema(depth - 1);
        return schema;
    }

    private JsonObject Array(int depth)
    {
        JsonObject schema = new() { ["type"] = "array", ["items"] = Schema(depth - 1) };
        if (random.Next(3) == 0) schema["prefixItems"] = new JsonArray(Schema(depth - 1), Schema(0));
        int least = random.Next(3);
        schema["minItems"] = least;
        if (random.Next(2) == 0) schema["maxItems"] = least + random.Next(4);
        return schema;
    }

    private JsonObject String()
    {
        JsonObject schema = new() { ["type"] = "string" };
        int least = random.Next(4);
        if (random.Next(2) == 0) schema["minLength"] = least;
        if (random.Next(2) == 0) schema["maxLength"] = least + random.Next(90);
        return schema;
    }

    private JsonObject Integer()
    {
        JsonObject schema = new() { ["type"] = "integer" };
        long low = random.Next(-1200, 1200), high = low + random.Next(2) * random.NextInt64(5000) + 1;
        if (random.Next(2) == 0) schema[random.Next(2) == 0 ? "minimum" : "exclusiveMinimum"] = low;
        if (random.Next(2) == 0) schema[random.Next(3) > 0 ? "maximum" : "exclusiveMaximum"] = high + 1;
        return schema;
    }

    private JsonObject Number()
    {
        JsonObject schema = new() { ["type"] = "number" };
        decimal low = Math.Round((decimal)(random.NextDouble() * 40 - 20), random.Next(4));
        if (random.Next(2) == 0) schema[random.Next(2) == 0 ? "minimum" : "exclusiveMinimum"] = low;
        if (random.Next(2) == 0) schema[random.Next(2) == 0 ? "maximum" : "exclusiveMaximum"] = low + Math.Round((decimal)random.NextDouble() * 3 + 0.01m, 3);
        return schema;
    }
}
