using AutoGlm.Formats.Chat.Evaluation;

namespace AutoGlm.Formats.Chat.Values;

/// <summary>A function of the environment, or a method bound to its value.</summary>
internal sealed class FunctionValue(string name, Func<RenderContext, Arguments, object?> body) : TemplateValue
{
    public override string TypeName => "builtin_function_or_method";

    public string Name => name;

    public object? Call(RenderContext context, Arguments arguments) => body(context, arguments);
}
