using System.Text.Json;
using System.Text.Json.Nodes;
using AutoGlm.Engine.Constraints;

namespace AutoGlm.Engine.Tests.Constraints;

public class JsonSchemaTests
{
    [Theory]
    [InlineData(JsonWhitespace.Compact)]
    [InlineData(JsonWhitespace.Limited)]
    public void Whatever_a_model_likes_the_answer_satisfies_the_schema(JsonWhitespace whitespace)
    {
        int ended = 0;
        for (int seed = 0; seed < 120; seed++)
        {
            Random random = new(seed);
            JsonElement schema = JsonSerializer.SerializeToElement(new RandomSchema(random).Make());
            GrammarConstraint constraint;
            try
            {
                constraint = Walks.Small(Grammar.JsonSchema(schema, whitespace));
            }
            catch (GrammarException error) when (error.Message.Contains("no text") && schema.GetRawText().Contains("allOf"))
            {
                // What one part requires, the other forbids.
                continue;
            }

            for (int i = 0; i < 3; i++)
            {
                (string text, bool isWhole) = Walks.Generate(constraint, random, 300, force: i == 1);
                if (!isWhole) continue;
                ended++;
                using JsonDocument document = JsonDocument.Parse(text);
                Assert.True(new SchemaValidator(schema).IsValid(document.RootElement), $"seed {seed}\nschema {schema}\ntext {text}");
                _ = JsonNode.Parse(text)?.ToJsonString();
            }
        }

        Assert.True(ended > 140, $"only {ended} answers came to an end");
    }

    [Fact]
    public void What_satisfies_it_in_its_order_is_let_through()
    {
        const string Schema = """
            {"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0,"maximum":150},
            "tags":{"type":"array","items":{"type":"string"}},"kind":{"enum":["a","b"]},"score":{"type":"number","minimum":0.25,"exclusiveMaximum":1}},
            "required":["name","kind"],"additionalProperties":{"type":"boolean"}}
            """;
        GrammarConstraint constraint = Walks.Small(Grammar.JsonSchema(Schema));
        foreach (string text in (string[])[
            """{"name":"Zoë","kind":"a"}""",
            """{"name":"\u00e9\"","age":150,"tags":["x",""],"kind":"b","score":0.999999}""",
            """{"name":"","kind":"a","score":0.25,"nam":true,"names":false}""",
            """{"name":"😀","age":7,"kind":"a","other":true}"""]) Assert.True(Walks.Accepts(constraint, text), text);
        foreach (string text in (string[])[
            """{"kind":"a","name":"x"}""",
            """{"name":"x"}""",
            """{"name":"x","kind":"c"}""",
            """{"name":"x","age":151,"kind":"a"}""",
            """{"name":"x","age":-1,"kind":"a"}""",
            """{"name":"x","age":007,"kind":"a"}""",
            """{"name":"x","kind":"a","score":1}""",
            """{"name":"x","kind":"a","score":0.2}""",
            """{"name":"x","kind":"a","name":true}""",
            """{"name":"x","kind":"a","n\u0061me":true}""",
            """{"name":"x","kind":"a","other":1}""",
            """{"name":"\ud800","kind":"a"}""",
            """{"name":"x", "kind":"a"}""",
            """{"name":"x","kind":"a"} """]) Assert.False(Walks.Accepts(constraint, text), text);
        Assert.True(Walks.Accepts(Walks.Small(Grammar.JsonSchema(Schema, JsonWhitespace.Limited)), "{\n  \"name\": \"x\",\n  \"kind\": \"a\"\n}"));
    }

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{"not":{}}}}""", "#/properties/a: not")]
    [InlineData("""{"type":"array","uniqueItems":true}""", "#: uniqueItems")]
    [InlineData("""{"properties":{"a/b":{"type":"text"}}}""", "#/properties/a~1b: type: there is no type 'text'")]
    [InlineData("""{"$ref":"other.json"}""", "references point into the same schema")]
    [InlineData("""{"$ref":"#/$defs/x"}""", "nothing at #/$defs/x")]
    [InlineData("""{"type":"string","pattern":"(?=a)"}""", "#/pattern: regular expression, character 2: look-around")]
    [InlineData("""{"type":"string","pattern":"a","maxLength":2}""", "#: maxLength")]
    [InlineData("""{"type":"string","format":"colour"}""", "'colour' is not supported")]
    [InlineData("""{"type":"integer","multipleOf":3}""", "#: multipleOf")]
    [InlineData("""{"minLength":5,"maxLength":2}""", "less than minLength")]
    [InlineData("""{"oneOf":[{"type":"string"},{"minLength":2}]}""", "#: oneOf: branches 0 and 1 do not exclude each other")]
    [InlineData("""{"oneOf":[{"type":"integer"},{"type":"number"}]}""", "use anyOf")]
    [InlineData("""{"patternProperties":{}}""", "#: patternProperties")]
    [InlineData("""{"enum":[]}""", "#: enum")]
    [InlineData("""{"$ref":"#"}""", "no text can satisfy")]
    [InlineData("""{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]}""", "no text can satisfy")]
    [InlineData("""{"type":"integer","minimum":3,"maximum":2}""", "no text can satisfy")]
    [InlineData("""[1]""", "should be an object")]
    [InlineData("""{"type":""", "no JSON")]
    public void What_it_cannot_follow_it_refuses_by_path_and_keyword(string schema, string reason) =>
        Assert.Contains(reason, Assert.Throws<GrammarException>(() => Walks.Small(Grammar.JsonSchema(schema))).Message);

    [Fact]
    public void Branches_that_exclude_each_other_are_one_of()
    {
        const string Schema = """
            {"oneOf":[{"type":"object","properties":{"kind":{"const":"cat"},"lives":{"type":"integer"}},"required":["kind","lives"]},
                      {"type":"object","properties":{"kind":{"const":"dog"}},"required":["kind"]},{"type":"null"}]}
            """;
        GrammarConstraint constraint = Walks.Small(Grammar.JsonSchema(Schema));
        Assert.True(Walks.Accepts(constraint, """{"kind":"cat","lives":9}"""));
        Assert.True(Walks.Accepts(constraint, """{"kind":"dog"}"""));
        Assert.True(Walks.Accepts(constraint, "null"));
        Assert.False(Walks.Accepts(constraint, """{"kind":"dog","lives":9}"""));
    }

    [Fact]
    public void Hostile_schemas_are_refused_in_time()
    {
        string deep = string.Concat(Enumerable.Repeat("{\"items\":", 5000)) + "{}" + new string('}', 5000);
        Assert.Throws<GrammarException>(() => Grammar.JsonSchema(deep));
        Assert.Throws<GrammarException>(() => Grammar.JsonSchema("""{"$defs":{"a":{"allOf":[{"$ref":"#/$defs/a"},{"type":"object"}]}},"$ref":"#/$defs/a"}"""));
        Walks.Small(Grammar.JsonSchema("""{"type":"array","items":{"type":"string","maxLength":1000000},"maxItems":1000000}"""));
        string doubling = string.Concat(Enumerable.Range(0, 40).Select(i => $"\"a{i}\":{{\"type\":\"array\",\"prefixItems\":[{{\"$ref\":\"#/$defs/a{i + 1}\"}},{{\"$ref\":\"#/$defs/a{i + 1}\"}}]}},"));
        Walks.Small(Grammar.JsonSchema($"{{\"$defs\":{{{doubling}\"a40\":{{\"type\":\"null\"}}}},\"$ref\":\"#/$defs/a0\"}}"));
    }

    /// <summary>Each part of one refers to the next twice: followed to the end, there would be a million million of them.</summary>
    [Theory]
    [InlineData("allOf", "")]
    [InlineData("anyOf", ",\"maxLength\":9")]
    public void Parts_that_double_are_refused_in_time(string keyword, string beside)
    {
        string doubling = string.Concat(Enumerable.Range(0, 40).Select(i => $"\"a{i}\":{{\"{keyword}\":[{{\"$ref\":\"#/$defs/a{i + 1}\"}},{{\"$ref\":\"#/$defs/a{i + 1}\"}}]{beside}}},"));
        string schema = $"{{\"$defs\":{{{doubling}\"a40\":{{\"type\":\"string\"}}}},\"$ref\":\"#/$defs/a0\"}}";

        Assert.Throws<GrammarException>(() => Walks.Small(Grammar.JsonSchema(schema)));
    }

    [Fact]
    public void Any_object_is_any_object()
    {
        GrammarConstraint constraint = Walks.Small(Grammar.JsonObject());
        Assert.True(Walks.Accepts(constraint, """{"a":[1,-2.5e10,{"b":null}],"":{},"c":"\\ \u12aB"}"""));
        Assert.False(Walks.Accepts(constraint, "[]"));
        Assert.False(Walks.Accepts(constraint, "{\"a\":01}"));
        Assert.False(Walks.AcceptsPrefix(constraint, "{\"a\":\"\n"));
        for (int seed = 0; seed < 40; seed++)
        {
            (string text, bool isWhole) = Walks.Generate(constraint, new Random(seed), 200);
            if (isWhole) JsonDocument.Parse(text).Dispose();
        }
    }
}
