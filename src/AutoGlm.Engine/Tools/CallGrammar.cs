using System.Text;
using AutoGlm.Engine.Constraints;
using AutoGlm.Engine.Constraints.Json;
using AutoGlm.Engine.Constraints.Syntax;
using AutoGlm.Engine.Constraints.Tokens;
using AutoGlm.Formats.Tokenizers;

namespace AutoGlm.Engine.Tools;

/// <summary>What formats make the grammar of calls from.</summary>
/// <param name="tools">Those that may be called.</param>
/// <param name="isParallel">Whether an answer may have several calls.</param>
/// <param name="tokenizer">The model's.</param>
internal sealed class CallGrammar(IReadOnlyList<ToolDefinition> tools, bool isParallel, Tokenizer tokenizer)
{
    private readonly Dictionary<string, Expression> _arguments = [];

    public IReadOnlyList<ToolDefinition> Tools { get; } = tools;

    public bool IsParallel { get; } = isParallel;

    public JsonSyntax Json { get; } = new(JsonWhitespace.Limited);

    /// <summary>A text of the template: a control token where the vocabulary has it as such.</summary>
    public Expression Marker(string text) => new Bytes(MarkerBytes(text));

    public byte[] MarkerBytes(string text) =>
        tokenizer.FindToken(text) is { } id && tokenizer.IsSpecial(id) && !tokenizer.EndOfGenerationIds.Contains(id) ? ControlBytes.Of(id) : Encoding.UTF8.GetBytes(text);

    /// <summary>A tool's arguments as a JSON object.</summary>
    public Expression Arguments(ToolDefinition tool)
    {
        if (_arguments.TryGetValue(tool.Name, out Expression? known)) return known;
        return _arguments[tool.Name] = new RuleCall(new Rule($"arguments of {tool.Name}") { Body = Compile(tool), IsShared = true });
    }

    /// <summary>Some expression for each tool.</summary>
    public Expression AnyTool(Func<ToolDefinition, Expression> call) => Expression.Any([.. Tools.Select(call)]);

    /// <summary>One, or where calls may be parallel several with a separator between.</summary>
    public Expression Several(Expression call, Expression separator) => IsParallel ? Expression.Of(call, Expression.Of(separator, call).Many()) : call;

    private Expression Compile(ToolDefinition tool)
    {
        if (tool.Parameters is not { } parameters) return Expression.Text("{}");
        try
        {
            return JsonSchemaCompiler.Compile(parameters, JsonWhitespace.Limited);
        }
        catch (GrammarException) when (!tool.IsStrict)
        {
            return Json.Object;
        }
        catch (GrammarException error)
        {
            throw new GrammarException($"parameters of {tool.Name}, {error.Where}", error.Reason);
        }
    }
}
