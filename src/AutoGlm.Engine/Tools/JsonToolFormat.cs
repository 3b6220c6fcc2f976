using System.Text.Json;
using AutoGlm.Engine.Constraints.Json;
using AutoGlm.Engine.Constraints.Syntax;

namespace AutoGlm.Engine.Tools;

/// <summary>Calls as JSON objects with a name and arguments, with markers around them: Hermes and Qwen, Llama, Mistral, Granite.</summary>
internal sealed class JsonToolFormat : ToolFormat
{
    public required string Family { get; init; }

    public override string Name => Family;

    public string? Open { get; init; }

    /// <summary>What follows each call; null for nothing.</summary>
    public string? Close { get; init; }

    /// <summary>What the arguments are called.</summary>
    public string ArgumentsKey { get; init; } = "arguments";

    /// <summary>Whether calls stand in brackets after one marker; else each has its own.</summary>
    public bool IsList { get; init; }

    /// <summary>Whether a call may stand at the answer's beginning without a marker.</summary>
    public bool IsBare { get; init; }

    /// <summary>Length of an id that must follow the arguments; 0 for none.</summary>
    public int IdLength { get; init; }

    public override IReadOnlyList<string> Markers => Open is null ? [] : [Open];

    public override IReadOnlyList<string> Beginnings => IsBare ? ["{\"name\""] : [];

    public override Expression CallsAfter(string marker, CallGrammar calls)
    {
        Expression call = calls.AnyTool(tool => Call(tool, calls, withoutBeginning: IsBare && marker != Open));
        if (IsList) return Expression.Of(Expression.Text("["), calls.Several(call, Expression.Any(Expression.Text(", "), Expression.Text(","))), Expression.Text("]"));
        if (Close is null) return call;
        Expression line = Expression.Text("\n").Optional();
        Expression whole = Expression.Of(line, call, line, calls.Marker(Close));
        return calls.Several(whole, Expression.Of(line, calls.Marker(Open!)));
    }

    public override ICallReader ReaderAfter(string marker, IReadOnlyList<ToolDefinition> tools) => new JsonCallReader(Close, IsList);

    public override string Write(IReadOnlyList<(string Name, JsonElement Arguments)> calls)
    {
        string[] texts = [.. calls.Select(call => $"{{\"name\": {JsonSyntax.Quote(call.Name)}, \"{ArgumentsKey}\": {call.Arguments.GetRawText()}}}")];
        return IsList ? $"{Open}[{string.Join(", ", texts)}]" : string.Join("\n", texts.Select(text => $"{Open}\n{text}\n{Close}"));
    }

    public override string NewId() => IdLength == 0 ? base.NewId() : Guid.NewGuid().ToString("N")[..IdLength];

    private Expression Call(ToolDefinition tool, CallGrammar calls, bool withoutBeginning)
    {
        Expression name = Expression.Of(calls.Json.Colon, Expression.Text(JsonSyntax.Quote(tool.Name)), calls.Json.Comma);
        Expression arguments = Expression.Of(Expression.Text($"\"{ArgumentsKey}\""), calls.Json.Colon, calls.Arguments(tool));
        Expression id = Expression.Empty;
        if (IdLength > 0)
        {
            Expression letter = new Character(CodePointSet.Of(('0', '9'), ('A', 'Z'), ('a', 'z')));
            id = Expression.Of(calls.Json.Comma, Expression.Text("\"id\""), calls.Json.Colon, Expression.Text("\""), letter.Many(IdLength, IdLength), Expression.Text("\"")).Optional();
        }

        return Expression.Of(Expression.Text(withoutBeginning ? "" : "{\"name\""), name, arguments, id, Expression.Text("}"));
    }
}
