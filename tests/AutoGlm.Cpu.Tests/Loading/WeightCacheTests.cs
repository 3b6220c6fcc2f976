using AutoGlm.Cpu.Loading;
using AutoGlm.Cpu.Tests.Kernels;
using AutoGlm.Formats;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cpu.Tests.Loading;

public sealed class WeightCacheTests : IDisposable
{
    private static readonly FileStamp[] Here = [new(1, 2, 3, 4, 5)], Elsewhere = [new(1, 7, 3, 4, 5)];

    private readonly string _folder = Path.Combine(Path.GetTempPath(), "autoglm-weights-" + Guid.NewGuid().ToString("N"));

    private WeightCache Cache => new(_folder) { Smallest = 0, LeftFree = _ => 0 };

    public void Dispose()
    {
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Later_loads_map_the_same_bits(bool stamped)
    {
        RandomWeights[] tensors = CachedLoad.Tensors(1);
        IReadOnlyList<FileStamp>? Stamps() => stamped ? Here : null;
        CachedLoad packed = new CachedLoad(null, tensors, Stamps).IsRight();
        CachedLoad first = new CachedLoad(Cache, tensors, Stamps).IsRight(), second = new CachedLoad(Cache, tensors, Stamps).IsRight();
        Assert.Equal((false, true, true), (packed.IsMapped, first.IsMapped, second.IsMapped));
        Assert.Equal(packed.Content, first.Content);
        Assert.Equal(packed.Content, second.Content);
        Assert.Empty(first.Notices);
        Assert.Empty(second.Notices);
        // Files that have not changed are not read; others are, to see whether they have.
        Assert.Equal(stamped, second.Reads == 0);
        WeightCacheEntry entry = Assert.Single(Cache.List());
        Assert.Equal("folder/model.gguf", entry.Model);
        Assert.Equal(entry.Bytes, new FileInfo(entry.Path).Length);
    }

    [Fact]
    public void Other_content_of_the_same_shapes_has_a_file_of_its_own()
    {
        RandomWeights[] one = CachedLoad.Tensors(1), other = CachedLoad.Tensors(2);
        foreach (int load in (int[])[1, 2])
        {
            Hash128 first = new CachedLoad(Cache, one, () => Here).IsRight().Content;
            // As if the file had been replaced by another.
            CachedLoad second = new CachedLoad(Cache, other, () => Elsewhere).IsRight();
            Assert.NotEqual(first, second.Content);
            Assert.Equal(load == 1, second.Reads > 0);
            Assert.Equal(2, Cache.List().Count);
        }
    }

    [Fact]
    public void One_changed_bit_is_other_content()
    {
        RandomWeights[] tensors = CachedLoad.Tensors(1);
        _ = new CachedLoad(Cache, tensors);
        tensors[2].Flip(1_000_001);
        Assert.True(new CachedLoad(Cache, tensors).IsRight().IsMapped);
        Assert.Equal(2, Cache.List().Count);
    }

    [Fact]
    public void A_moved_file_is_known_again_by_its_content()
    {
        RandomWeights[] tensors = CachedLoad.Tensors(1);
        _ = new CachedLoad(Cache, tensors, () => Here);
        Assert.True(new CachedLoad(Cache, tensors, () => Elsewhere).IsRight().Reads > 0);
        Assert.Equal(0, new CachedLoad(Cache, tensors, () => Elsewhere).IsRight().Reads);
        Assert.Single(Cache.List());
    }

    [Fact]
    public void What_changes_while_it_is_read_is_not_noted()
    {
        RandomWeights[] tensors = CachedLoad.Tensors(1);
        int asked = 0;
        _ = new CachedLoad(Cache, tensors, () => asked++ < 2 ? Here : null);
        Assert.True(new CachedLoad(Cache, tensors, () => Here).IsRight().Reads > 0);
    }

    [Theory]
    [InlineData("header")]
    [InlineData("panels")]
    [InlineData("short")]
    [InlineData("empty")]
    [InlineData("long")]
    [InlineData("foreign")]
    [InlineData("other")]
    public void A_damaged_file_is_named_and_made_anew(string damage)
    {
        RandomWeights[] tensors = CachedLoad.Tensors(1);
        _ = new CachedLoad(Cache, tensors, () => Here);
        string path = Assert.Single(Cache.List()).Path;
        byte[] bytes = File.ReadAllBytes(path);
        switch (damage)
        {
            case "header": bytes[40] ^= 1; break;
            case "panels": bytes[^5000] ^= 1; break;
            case "short": bytes = bytes[..^4096]; break;
            case "empty": bytes = []; break;
            case "long": bytes = [.. bytes, 0]; break;
            case "foreign": "GGUF"u8.CopyTo(bytes); break;
            default:
                _ = new CachedLoad(Cache, CachedLoad.Tensors(2), () => Elsewhere);
                bytes = File.ReadAllBytes(Cache.List().Single(entry => entry.Path != path).Path);
                break;
        }

        Change(path, bytes);
        CachedLoad load = new CachedLoad(Cache, tensors, () => Here).IsRight();
        Assert.Contains(path, Assert.Single(load.Notices), StringComparison.Ordinal);
        Assert.True(load.IsMapped);
        Assert.Empty(new CachedLoad(Cache, tensors, () => Here).IsRight().Notices);
    }

    [Fact]
    public void No_changed_byte_gives_other_weights()
    {
        RandomWeights[] tensors = CachedLoad.Tensors(1);
        Random random = new(5);
        for (int i = 0; i < 40; i++)
        {
            _ = new CachedLoad(Cache, tensors);
            string path = Assert.Single(Cache.List()).Path;
            byte[] bytes = File.ReadAllBytes(path);
            // Half of them in the header.
            int at = random.Next(i % 2 == 0 ? 4096 : bytes.Length);
            bytes[at] ^= (byte)(1 << random.Next(8));
            Change(path, bytes);
            new CachedLoad(Cache, tensors).IsRight();
        }
    }

    [Fact]
    public void A_file_is_summed_again_once_anything_about_it_has_changed()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("stamps of files are known on Linux alone");
            return;
        }

        RandomWeights[] tensors = CachedLoad.Tensors(1);
        CachedLoad load = new(Cache, tensors, () => Here);
        string path = Assert.Single(Cache.List()).Path;
        Assert.True(IsKnown());
        Assert.False(Cache.IsKnownWhole(load.Pieces, StampOf(path), load.Content ^ new Hash128(1, 0)));
        // Whole still, but who knows?
        Change(path, File.ReadAllBytes(path));
        Assert.False(IsKnown());
        Assert.Empty(new CachedLoad(Cache, tensors, () => Here).IsRight().Notices);
        Assert.True(IsKnown());

        bool IsKnown() => Cache.IsKnownWhole(load.Pieces, StampOf(path), load.Content);
    }

    [Fact]
    public void A_damaged_note_is_not_believed()
    {
        RandomWeights[] tensors = CachedLoad.Tensors(1);
        _ = new CachedLoad(Cache, tensors, () => Here);
        string note = Assert.Single(Directory.GetFiles(_folder, "*.source"));
        byte[] bytes = File.ReadAllBytes(note);
        foreach (byte[] damaged in (byte[][])[[], bytes[..20], [.. bytes[..3], (byte)(bytes[3] ^ 1), .. bytes[4..]]])
        {
            File.WriteAllBytes(note, damaged);
            Assert.True(new CachedLoad(Cache, tensors, () => Here).IsRight().Reads > 0);
        }
    }

    [Fact]
    public void Notes_are_not_more_than_there_may_be()
    {
        CachedLoad load = new(Cache, CachedLoad.Tensors(1), () => Here);
        for (uint i = 0; i < WeightCache.MostNotes + 20; i++) Cache.Remember(load.Pieces, [new FileStamp(1, i, 3, 4, 6)], load.Content);
        Assert.Equal(WeightCache.MostNotes, Directory.GetFiles(_folder, "*.source").Length);
    }

    [Fact]
    public void Files_used_longest_ago_make_room()
    {
        _ = new CachedLoad(Cache, CachedLoad.Tensors(1));
        long size = Assert.Single(Cache.List()).Bytes;
        WeightCache two = new(_folder) { Smallest = 0, LeftFree = _ => 0, Limit = 2 * size };
        _ = new CachedLoad(two, CachedLoad.Tensors(2));
        string[] byAge = [.. two.List().Select(entry => entry.Path)];
        File.SetLastWriteTimeUtc(byAge[0], DateTime.UtcNow.AddHours(-2));
        File.SetLastWriteTimeUtc(byAge[1], DateTime.UtcNow.AddHours(-1));
        _ = new CachedLoad(two, CachedLoad.Tensors(3));
        Assert.Equal(2, two.List().Count);
        Assert.False(File.Exists(byAge[0]));
        Assert.True(File.Exists(byAge[1]));
    }

    [Fact]
    public void Use_keeps_a_file_young()
    {
        RandomWeights[] tensors = CachedLoad.Tensors(1);
        _ = new CachedLoad(Cache, tensors);
        File.SetLastWriteTimeUtc(Cache.List()[0].Path, DateTime.UtcNow.AddHours(-2));
        _ = new CachedLoad(Cache, tensors);
        Assert.True(DateTime.UtcNow - Cache.List()[0].LastUsed < TimeSpan.FromHours(1));
    }

    [Theory]
    [InlineData("limit")]
    [InlineData("disk")]
    [InlineData("small")]
    [InlineData("no folder")]
    public void Without_room_weights_are_packed_in_memory(string lack)
    {
        WeightCache cache = lack switch
        {
            "limit" => new(_folder) { Smallest = 0, LeftFree = _ => 0, Limit = 1 << 20 },
            "disk" => new(_folder) { Smallest = 0, LeftFree = _ => long.MaxValue },
            "small" => new(_folder) { LeftFree = _ => 0, Smallest = 1 << 30 },
            // A folder cannot be made in a file, whoever asks.
            _ => new(Path.Combine(typeof(WeightCacheTests).Assembly.Location, "cache")) { Smallest = 0 },
        };
        CachedLoad load = new CachedLoad(cache, CachedLoad.Tensors(1), () => Here).IsRight();
        Assert.False(load.IsMapped);
        Assert.Empty(load.Notices);
        Assert.Empty(cache.List());
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_still_read()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("folders there are not read-only");
            return;
        }

        RandomWeights[] tensors = CachedLoad.Tensors(1);
        _ = new CachedLoad(Cache, tensors, () => Here);
        File.SetUnixFileMode(_folder, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        try
        {
            Assert.True(new CachedLoad(Cache, tensors, () => Here).IsRight().IsMapped);
            new CachedLoad(Cache, CachedLoad.Tensors(2), () => Elsewhere).IsRight();
        }
        finally
        {
            File.SetUnixFileMode(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public async Task Writers_of_one_file_do_not_disturb_each_other()
    {
        RandomWeights[] tensors = CachedLoad.Tensors(1);
        using Barrier start = new(4);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            start.SignalAndWait();
            CachedLoad load = new CachedLoad(Cache, tensors, () => Here).IsRight();
            Assert.True(load.IsMapped);
            Assert.Empty(load.Notices);
        })));
        Assert.Single(Cache.List());
        Assert.Empty(Directory.GetFiles(_folder, "*.part"));
    }

    [Fact]
    public void A_model_that_is_refused_leaves_nothing()
    {
        RandomWeights[] tensors = CachedLoad.Tensors(1);
        tensors[2].Damage(1077);
        Assert.Throws<ModelFormatException>(() => new CachedLoad(Cache, tensors, () => Here));
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Clearing_leaves_mapped_files_to_those_that_have_them()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("mapped files cannot be deleted there");
            return;
        }

        CachedLoad load = new(Cache, CachedLoad.Tensors(1), () => Here);
        using PackedFile file = PackedFile.Open(Cache.List()[0].Path, load.Pieces, load.Content);
        File.WriteAllText(Path.Combine(_folder, "young.part"), "");
        File.WriteAllText(Path.Combine(_folder, "old.part"), "");
        File.SetLastWriteTimeUtc(Path.Combine(_folder, "old.part"), DateTime.UtcNow.AddHours(-2));
        Assert.True(Cache.Clear() > load.Pieces.Bytes);
        Assert.Equal("young.part", Path.GetFileName(Assert.Single(Directory.GetFiles(_folder))));
        for (int i = 0; i < load.Pieces.Count; i++) file.CheckPiece(i);
    }

    /// <summary>Whoever clears the folder, or makes room in it, asks nobody.</summary>
    [Fact]
    public async Task Files_that_others_delete_meanwhile_are_no_error()
    {
        RandomWeights[] tensors = CachedLoad.Tensors(1);
        Directory.CreateDirectory(_folder);
        using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task clearing = Task.Run(() =>
        {
            while (!enough.IsCancellationRequested)
            {
                Cache.Clear();
                foreach (WeightCacheEntry entry in Cache.List()) Assert.True(entry.Bytes > 0);
            }
        });
        Task writing = Task.Run(() =>
        {
            for (int i = 0; !enough.IsCancellationRequested; i = (i + 1) % 50)
            {
                string path = Path.Combine(_folder, $"{i}.weights");
                File.WriteAllText(path + ".part", "weights");
                File.Move(path + ".part", path, overwrite: true);
                File.Delete(path);
            }
        });
        try
        {
            for (int i = 0; i < 200; i++) Assert.Empty(new CachedLoad(Cache, tensors, () => Here).IsRight().Notices);
        }
        finally
        {
            await enough.CancelAsync();
            await Task.WhenAll(clearing, writing);
        }
    }

    /// <summary>Overwrites a file. File systems' clocks may stand still between two changes: not those of whoever changes a file later.</summary>
    private static void Change(string path, byte[] bytes)
    {
        DateTime before = File.GetLastWriteTimeUtc(path);
        File.WriteAllBytes(path, bytes);
        File.SetLastWriteTimeUtc(path, before.AddSeconds(1));
    }

    private static FileStamp? StampOf(string path)
    {
        using MappedFile file = MappedFile.Open(path);
        return file.StampNow;
    }

    [Theory]
    [InlineData(null, 32L << 30)]
    [InlineData("", 32L << 30)]
    [InlineData("0", 0)]
    [InlineData("1.5", 3L << 29)]
    public void The_environment_sets_the_limit(string? text, long bytes) => Assert.Equal(bytes, WeightCache.LimitOf(text));

    [Theory]
    [InlineData("much")]
    [InlineData("-1")]
    [InlineData("1e9")]
    [InlineData("9999999999")]
    public void A_limit_that_is_no_size_is_refused(string text) =>
        Assert.Contains(WeightCache.LimitVariable, Assert.Throws<ArgumentException>(() => WeightCache.LimitOf(text)).Message, StringComparison.Ordinal);
}
