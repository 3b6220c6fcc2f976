using System.Text.Json;
using AutoGlm.Engine.Constraints.Syntax;

namespace AutoGlm.Engine.Tools;

/// <summary>How a family of models writes tool calls: the grammar of them, and how to read them back.</summary>
internal abstract class ToolFormat
{
    /// <summary>The family's name, for logs and tests.</summary>
    public abstract string Name { get; }

    /// <summary>Texts that open calls wherever they come.</summary>
    public abstract IReadOnlyList<string> Markers { get; }

    /// <summary>Texts that open calls at an answer's very beginning, and are part of them.</summary>
    public virtual IReadOnlyList<string> Beginnings => [];

    /// <summary>Calls from after a marker or beginning to the answer's end.</summary>
    public abstract Expression CallsAfter(string marker, CallGrammar calls);

    public abstract ICallReader ReaderAfter(string marker, IReadOnlyList<ToolDefinition> tools);

    /// <summary>Calls as text, for templates that cannot write them; null where the family's all can.</summary>
    public virtual string? Write(IReadOnlyList<(string Name, JsonElement Arguments)> calls) => null;

    public virtual string NewId() => "call_" + Guid.NewGuid().ToString("N")[..24];
}
