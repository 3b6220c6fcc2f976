namespace AutoGlm.Formats.Chat.Values;

/// <summary>
/// Stands for something missing: it prints as nothing, is false and empty; any other use raises the error it carries.
/// </summary>
internal sealed class UndefinedValue(string reason, ChatTemplateErrorKind kind = ChatTemplateErrorKind.Undefined) : TemplateValue
{
    public override string TypeName => "Undefined";

    public static UndefinedValue Variable(string name) => new($"'{name}' is undefined");

    public static UndefinedValue Member(object? owner, object? member) =>
        new(member is string name
            ? $"'{OwnerText(owner)}' has no attribute '{name}'"
            : $"{OwnerText(owner)} has no element {(WeightOf(member) < 100 ? Printing.Repr(member) : Types.NameOf(member))}");

    public static UndefinedValue Unsafe(object? owner, string name) =>
        new($"access to attribute '{name}' of '{Types.NameOf(owner)}' object is unsafe", ChatTemplateErrorKind.Security);

    public TemplateError Error() => new(kind, reason);

    private static string OwnerText(object? owner) => owner is null ? "None" : $"{Types.NameOf(owner)} object";
}
