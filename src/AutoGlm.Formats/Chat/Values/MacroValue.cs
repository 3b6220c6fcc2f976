using AutoGlm.Formats.Chat.Evaluation;
using AutoGlm.Formats.Chat.Syntax;

namespace AutoGlm.Formats.Chat.Values;

/// <summary>A macro, or the body of a call block, with the scope it was defined in.</summary>
internal sealed class MacroValue(MacroDefinition definition, Scope scope) : TemplateValue
{
    public override string TypeName => "Macro";

    public MacroDefinition Definition => definition;

    public Scope Scope => scope;
}
