using System.Collections.Frozen;

namespace AutoGlm.Engine.Constraints.Json;

/// <summary>Formats of strings as patterns. Each generates only what is valid, and all that is usual.</summary>
internal static class StringFormats
{
    private const string LeapYear = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][48]|[13579][26]|[2468]0)00)";
    private const string Date = "(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))";
    private const string AnyDate = $"(?:{Date}|{LeapYear}-02-29)";
    private const string Time = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,6})?(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])";
    private const string Byte = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    private const string Label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
    private const string Host = $"{Label}(?:\\.{Label}){{0,2}}";

    private static readonly FrozenDictionary<string, string> s_patterns = new Dictionary<string, string>
    {
        ["date"] = $"^{AnyDate}$",
        ["time"] = $"^{Time}$",
        ["date-time"] = $"^{AnyDate}T{Time}$",
        ["duration"] = "^P(?:[0-9]{1,6}W|[0-9]{1,6}D|[0-9]{1,6}M(?:[0-9]{1,6}D)?|[0-9]{1,6}Y(?:[0-9]{1,6}M)?|T(?:[0-9]{1,6}H(?:[0-9]{1,6}M)?|[0-9]{1,6}M(?:[0-9]{1,6}S)?|[0-9]{1,6}S))$",
        ["uuid"] = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
        ["email"] = $"^[A-Za-z0-9_+-]{{1,32}}(?:\\.[A-Za-z0-9_+-]{{1,24}})?@{Label}(?:\\.{Label}){{1,2}}$",
        ["hostname"] = $"^{Host}$",
        ["ipv4"] = $"^{Byte}\\.{Byte}\\.{Byte}\\.{Byte}$",
        ["ipv6"] = "^(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}$",
        ["uri"] = $"^https?://{Host}(?::[1-9][0-9]{{0,3}})?(?:/[A-Za-z0-9._~-]{{0,64}}){{0,16}}(?:\\?[A-Za-z0-9._~=&-]{{0,256}})?(?:#[A-Za-z0-9._~-]{{0,64}})?$",
    }.ToFrozenDictionary();

    public static IEnumerable<string> Names => s_patterns.Keys.Order(StringComparer.Ordinal);

    /// <summary>Null where the format is not known.</summary>
    public static string? Pattern(string format) => s_patterns.GetValueOrDefault(format);
}
