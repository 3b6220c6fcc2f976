using System.Globalization;
using System.Text;
using AutoGlm.Formats.Chat.Evaluation;

namespace AutoGlm.Formats.Chat.Builtins;

/// <summary>strftime in the C locale, with glibc's flags <c>-</c>, <c>_</c>, <c>0</c> and <c>^</c>.</summary>
internal static class TimeFormat
{
    public static string Format(RenderContext context, string format)
    {
        context.Meter.ChargeText(32L * format.Length);
        DateTimeOffset now = context.Clock.GetLocalNow();
        var text = new StringBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }

            char flag = format[++i];
            if (flag is '-' or '_' or '0' or '^' && i + 1 < format.Length) i++;
            else flag = ' ';
            text.Append(WithFlag(Field(now, format[i]), flag));
        }

        return text.ToString();
    }

    private static string WithFlag(string field, char flag)
    {
        string bare = field.TrimStart('0', ' ');
        if (bare.Length == 0) bare = field.Length > 0 ? "0" : "";
        return flag switch
        {
            '-' => bare,
            '_' => bare.PadLeft(field.Length),
            '0' => bare.PadLeft(field.Length, '0'),
            '^' => field.ToUpperInvariant(),
            _ => field,
        };
    }

    private static string Field(DateTimeOffset now, char code) => code switch
    {
        'a' => Pattern(now, "ddd"),
        'A' => Pattern(now, "dddd"),
        'b' or 'h' => Pattern(now, "MMM"),
        'B' => Pattern(now, "MMMM"),
        'c' => $"{Pattern(now, "ddd MMM")} {now.Day,2} {Pattern(now, "HH:mm:ss yyyy")}",
        'C' => Two(now.Year / 100),
        'd' => Two(now.Day),
        'D' or 'x' => Pattern(now, "MM/dd/yy"),
        'e' => $"{now.Day,2}",
        'f' => Pattern(now, "ffffff"),
        'F' => Pattern(now, "yyyy-MM-dd"),
        'g' => Two(ISOWeek.GetYear(now.DateTime) % 100),
        'G' => ISOWeek.GetYear(now.DateTime).ToString("0000", CultureInfo.InvariantCulture),
        'H' => Two(now.Hour),
        'I' => Pattern(now, "hh"),
        'j' => now.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
        'k' => $"{now.Hour,2}",
        'l' => $"{(now.Hour + 11) % 12 + 1,2}",
        'm' => Two(now.Month),
        'M' => Two(now.Minute),
        'n' => "\n",
        'p' => now.Hour < 12 ? "AM" : "PM",
        'P' => now.Hour < 12 ? "am" : "pm",
        'r' => Pattern(now, "hh:mm:ss ") + (now.Hour < 12 ? "AM" : "PM"),
        'R' => Pattern(now, "HH:mm"),
        's' => now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        'S' => Two(now.Second),
        't' => "\t",
        'T' or 'X' => Pattern(now, "HH:mm:ss"),
        'u' => ((int)now.DayOfWeek + 6) % 7 + 1 + "",
        'U' => Two((now.DayOfYear + 6 - (int)now.DayOfWeek) / 7),
        'V' => Two(ISOWeek.GetWeekOfYear(now.DateTime)),
        'w' => (int)now.DayOfWeek + "",
        'W' => Two((now.DayOfYear + 6 - ((int)now.DayOfWeek + 6) % 7) / 7),
        'y' => Two(now.Year % 100),
        'Y' => now.Year.ToString(CultureInfo.InvariantCulture),
        'z' or 'Z' => "",
        '%' => "%",
        _ => "%" + code,
    };

    private static string Pattern(DateTimeOffset now, string pattern) => now.ToString(pattern, CultureInfo.InvariantCulture);

    private static string Two(int number) => number.ToString("00", CultureInfo.InvariantCulture);
}
