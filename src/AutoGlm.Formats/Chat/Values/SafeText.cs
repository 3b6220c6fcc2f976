using AutoGlm.Formats.Chat.Evaluation;

namespace AutoGlm.Formats.Chat.Values;

/// <summary>
/// Text that the filters <c>safe</c> and <c>escape</c> give (Jinja's Markup). It acts as a string, but text that is added to it
/// is HTML-escaped first. Published templates rely on the result, wanted or not.
/// </summary>
internal sealed class SafeText(string text) : TemplateValue
{
    public override string TypeName => "Markup";

    public override long Weight => WeightOf(text);

    public string Text => text;

    /// <summary>The value as a plain string where it is safe text.</summary>
    public static object? Plain(object? value) => value is SafeText safe ? safe.Text : value;

    /// <summary>Marks a result, or the strings in it, as safe.</summary>
    public static object? Wrap(object? result) => result switch
    {
        string text => new SafeText(text),
        ListValue list => list.With([.. list.Items.Select(Wrap)]),
        TupleValue tuple => tuple.With([.. tuple.Items.Select(Wrap)]),
        _ => result,
    };

    /// <summary>Escapes a string, and leaves safe text and other values as they are.</summary>
    public static object? EscapeValue(RenderContext context, object? value) => value switch
    {
        string text => Escape(context, text),
        SafeText safe => safe.Text,
        _ => value,
    };

    public static string Escape(RenderContext context, string text)
    {
        if (!text.AsSpan().ContainsAny("&<>'\"")) return text;
        context.Meter.ChargeText(5L * text.Length);
        return text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal).Replace("'", "&#39;", StringComparison.Ordinal)
            .Replace("\"", "&#34;", StringComparison.Ordinal);
    }
}
