using System.Text.Json;
using AutoGlm.Engine.Constraints.Automata;
using AutoGlm.Engine.Constraints.Gbnf;
using AutoGlm.Engine.Constraints.Json;
using AutoGlm.Engine.Constraints.Patterns;
using AutoGlm.Engine.Constraints.Syntax;

namespace AutoGlm.Engine.Constraints;

/// <summary>What an answer may be: a set of texts. Immutable; made ready for a model by <see cref="GrammarConstraint"/>.</summary>
public sealed class Grammar
{
    internal Grammar(Expression body, string? key = null)
    {
        Root = new Rule("root") { Body = body };
        Key = key;
    }

    internal Rule Root { get; }

    /// <summary>Equal for grammars that are the same; null where that is not known.</summary>
    internal string? Key { get; }

    /// <summary>Texts that a regular expression matches as a whole. Which ones it may be is in docs/structured-output.md.</summary>
    /// <exception cref="GrammarException">The pattern is malformed or goes beyond what is supported.</exception>
    public static Grammar Regex(string pattern) => new(PatternParser.Parse(pattern, "pattern", anchored: true), $"regex {pattern}");

    /// <summary>A grammar in llama.cpp's notation, GBNF.</summary>
    /// <exception cref="GrammarException">The grammar is malformed; the message names line and column.</exception>
    public static Grammar Gbnf(string source) => new(GbnfParser.Parse(source), $"gbnf {source}");

    /// <summary>Any JSON object.</summary>
    public static Grammar JsonObject(JsonWhitespace whitespace = JsonWhitespace.Compact) => new(new JsonSyntax(whitespace).Object, $"json {whitespace}");

    /// <summary>JSON that satisfies a schema. Which keywords it may have is in docs/structured-output.md.</summary>
    /// <exception cref="GrammarException">The schema is malformed or goes beyond what is supported; the message names path and keyword.</exception>
    public static Grammar JsonSchema(JsonElement schema, JsonWhitespace whitespace = JsonWhitespace.Compact)
    {
        string text = schema.GetRawText();
        if (text.Length > GrammarLimits.SourceLength) throw new GrammarException("#", $"the schema is longer than {GrammarLimits.SourceLength:N0} characters");
        return new Grammar(JsonSchemaCompiler.Compile(schema, whitespace), $"schema {whitespace} {text}");
    }

    /// <inheritdoc cref="JsonSchema(JsonElement, JsonWhitespace)"/>
    /// <param name="schema">The schema's text.</param>
    public static Grammar JsonSchema(string schema, JsonWhitespace whitespace = JsonWhitespace.Compact)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(schema, new JsonDocumentOptions { MaxDepth = 2 * GrammarLimits.Depth });
            return JsonSchema(document.RootElement.Clone(), whitespace);
        }
        catch (JsonException error)
        {
            throw new GrammarException("#", $"the schema is no JSON: {error.Message}");
        }
    }
}
