using System.Globalization;

namespace AutoGlm.Cli.Output;

/// <summary>Numbers for people.</summary>
internal static class Numbers
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>A size in the unit that suits it.</summary>
    public static string Bytes(double bytes)
    {
        int unit = 0;
        for (; Math.Abs(bytes) >= 1024 && unit < Units.Length - 1; unit++) bytes /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{bytes.ToString(unit == 0 ? "F0" : "F1", CultureInfo.InvariantCulture)} {Units[unit]}");
    }

    /// <summary>A count as model names give it: 85.0 M, 1.2 B.</summary>
    public static string Count(long count) => count switch
    {
        >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1e9:F2} B"),
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1e6:F1} M"),
        >= 10_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1e3:F1} K"),
        _ => count.ToString("N0", CultureInfo.InvariantCulture),
    };

    /// <summary>Tokens a second.</summary>
    public static string Rate(double rate) => rate.ToString(rate >= 100 ? "N0" : rate >= 10 ? "F1" : "F2", CultureInfo.InvariantCulture);

    public static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F2} s");
}
