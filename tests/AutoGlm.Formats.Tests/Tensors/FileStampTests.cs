using System.Diagnostics;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Formats.Tests.Tensors;

public sealed class FileStampTests
{
    private static readonly FileStamp Sample = new(1, 2, 3, 4, DateTimeOffset.UnixEpoch.AddSeconds(100).ToUnixTimeMilliseconds() * 1_000_000);

    [Fact]
    public void Every_change_shows()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux notes as much");
        using TempFolder folder = new();
        string path = folder["weights"], other = folder["other"];
        File.WriteAllBytes(path, [1, 2, 3]);
        DateTime written = File.GetLastWriteTimeUtc(path);
        List<FileStamp> stamps = [Of(path)];
        Assert.Equal(stamps[0], Of(path));

        // A change within a tick of the file system's clock leaves no trace: the next tick is waited for.
        do File.WriteAllBytes(other, [0]);
        while (Of(other).Changed == stamps[0].Changed);
        File.WriteAllBytes(path, [1, 2, 4]);
        File.SetLastWriteTimeUtc(path, written);
        stamps.Add(Of(path));
        File.WriteAllBytes(other, [1, 2, 5]);
        File.SetLastWriteTimeUtc(other, written);
        File.Move(other, path, overwrite: true);
        stamps.Add(Of(path));
        File.WriteAllBytes(path, [1, 2, 5, 6]);
        stamps.Add(Of(path));

        Assert.Equal(stamps.Count, stamps.Distinct().Count());
        Assert.Equal([3, 3, 3, 4], stamps.Select(stamp => (int)stamp.Length));
        Assert.Equal(stamps[0].Modified / 100, stamps[1].Modified / 100);
    }

    [Fact]
    public void A_file_that_has_just_changed_has_no_stamp_to_rely_on()
    {
        using TempFolder folder = new();
        FileStamp? stamp;
        long written;
        do
        {
            written = Stopwatch.GetTimestamp();
            File.WriteAllBytes(folder["weights"], [1, 2, 3]);
            using MappedFile file = MappedFile.Open(folder["weights"]);
            stamp = file.Stamp;
        }
        while (Stopwatch.GetElapsedTime(written) > TimeSpan.FromSeconds(1)); // It was asked too late to have just changed.
        Assert.Null(stamp);
    }

    [Fact]
    public void A_file_that_has_long_been_there_has_one()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux notes as much");
        using MappedFile file = MappedFile.Open(typeof(object).Assembly.Location), again = MappedFile.Open(typeof(object).Assembly.Location);
        Assert.NotNull(file.Stamp);
        Assert.Equal(file.Stamp, again.Stamp);
    }

    [Fact]
    public void Settled_is_what_changed_more_than_two_seconds_ago()
    {
        Assert.False(Sample.IsSettled(DateTimeOffset.UnixEpoch.AddSeconds(100)));
        Assert.False(Sample.IsSettled(DateTimeOffset.UnixEpoch.AddSeconds(102)));
        Assert.True(Sample.IsSettled(DateTimeOffset.UnixEpoch.AddSeconds(102.001)));
        // A clock that was set back.
        Assert.False(Sample.IsSettled(DateTimeOffset.UnixEpoch.AddSeconds(-100)));
    }

    private static FileStamp Of(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Assert.NotNull(FileStamp.Of(file.SafeFileHandle));
    }
}
