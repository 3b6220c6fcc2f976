using System.Text.Json;
using AutoGlm.Engine;
using AutoGlm.Engine.Constraints;
using AutoGlm.Server.Http;

namespace AutoGlm.Server.Protocol;

/// <summary>What an answer should be.</summary>
internal enum AnswerFormat
{
    Text,
    JsonObject,
    JsonSchema,
    Grammar,
    Regex,
}

/// <summary>What an answer should be, with the schema, grammar or pattern that says so.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Schema">JSON Schema.</param>
/// <param name="Text">GBNF, or a regular expression.</param>
/// <param name="Field">The field of the request it comes from, for errors.</param>
internal sealed record ResponseFormat(AnswerFormat Kind, JsonElement? Schema = null, string? Text = null, string Field = "response_format")
{
    /// <summary>OpenAI's response_format, llama.cpp's grammar and json_schema, vLLM's guided_regex.</summary>
    public static ResponseFormat ReadForChat(JsonFields fields)
    {
        ResponseFormat[] all = [.. new[] { ReadFormat(fields.Object("response_format"), nested: true), ReadText(fields) }.Where(format => format.Kind != AnswerFormat.Text)];
        if (all.Length > 1) throw fields.Invalid(all[1].Field, $"and {all[0].Field} both say what the answer should be; send one of them.");
        return all.FirstOrDefault() ?? new ResponseFormat(AnswerFormat.Text);
    }

    /// <summary>Responses' text.format.</summary>
    public static ResponseFormat ReadForResponses(JsonFields? text) => ReadFormat(text?.Object("format"), nested: false);

    /// <summary>llama.cpp's and vLLM's fields.</summary>
    public static ResponseFormat ReadText(JsonFields fields)
    {
        List<ResponseFormat> all = [];
        if (fields.String("grammar") is { Length: > 0 } grammar) all.Add(new ResponseFormat(AnswerFormat.Grammar, Text: grammar, Field: "grammar"));
        if (fields.Find("json_schema") is { } schema) all.Add(new ResponseFormat(AnswerFormat.JsonSchema, schema, Field: "json_schema"));
        if (fields.String("guided_regex") is { } pattern) all.Add(new ResponseFormat(AnswerFormat.Regex, Text: pattern, Field: "guided_regex"));
        if (all.Count > 1) throw fields.Invalid(all[1].Field, $"and {all[0].Field} both say what the answer should be; send one of them.");
        return all.FirstOrDefault() ?? new ResponseFormat(AnswerFormat.Text);
    }

    /// <summary>The grammar of the answer; null for any text.</summary>
    /// <exception cref="ApiException">It is malformed, or goes beyond what is supported.</exception>
    public Grammar? ToGrammar()
    {
        try
        {
            return Kind switch
            {
                AnswerFormat.JsonObject => Grammar.JsonObject(),
                AnswerFormat.JsonSchema => Grammar.JsonSchema(Schema!.Value),
                AnswerFormat.Grammar => Grammar.Gbnf(Text!),
                AnswerFormat.Regex => Grammar.Regex(Text!),
                _ => null,
            };
        }
        catch (GrammarException error)
        {
            throw Unfollowed(error);
        }
    }

    /// <summary>The grammar, made ready for a model; null for any text.</summary>
    /// <exception cref="ApiException">It is malformed, or goes beyond what is supported.</exception>
    public GrammarConstraint? Constrain(InferenceEngine engine)
    {
        try
        {
            return ToGrammar() is { } grammar ? engine.Constrain(grammar) : null;
        }
        catch (GrammarException error)
        {
            throw Unfollowed(error);
        }
    }

    private ApiException Unfollowed(GrammarException error) => ApiException.Invalid(Field, $"{Field} cannot be followed: {error.Message}", "invalid_schema");

    private static ResponseFormat ReadFormat(JsonFields? format, bool nested)
    {
        if (format is null) return new ResponseFormat(AnswerFormat.Text);
        format.Require("type", "'text', 'json_object' or 'json_schema'");
        switch (format.OneOf("type", "text", "json_object", "json_schema"))
        {
            case "text": return new ResponseFormat(AnswerFormat.Text);
            case "json_object":
                // llama.cpp takes a schema here too.
                return format.Find("schema") is { } given ? new ResponseFormat(AnswerFormat.JsonSchema, given, Field: format.PathOf("schema")) : new ResponseFormat(AnswerFormat.JsonObject);
            default:
                JsonFields inner = nested ? format.Object("json_schema") ?? throw format.Invalid("json_schema", "is missing; it should be an object with name and schema.", "missing_required_parameter") : format;
                foreach (string known in (string[])["name", "description", "strict"]) inner.Find(known);
                return new ResponseFormat(AnswerFormat.JsonSchema, inner.Require("schema", "a JSON Schema"), Field: inner.PathOf("schema"));
        }
    }
}
