namespace AutoGlm.Formats.Tests.Chat;

/// <summary>A clock that stands still, in UTC.</summary>
internal sealed class FixedClock(int year, int month, int day, int hour = 0, int minute = 0, int second = 0) : TimeProvider
{
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => new(year, month, day, hour, minute, second, TimeSpan.Zero);
}
