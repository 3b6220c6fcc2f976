using AutoGlm.Engine.Evaluation;

namespace AutoGlm.Engine.Tests;

/// <summary>Models with a cache of packed weights are the same models.</summary>
public sealed class WeightCacheTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("autoglm-weights-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Mapped_weights_give_the_same_numbers()
    {
        (PerplexityResult Result, string Fingerprint, long Mapped) packed = Measure(EngineFixture.ModelPath, cached: false);
        Assert.Empty(Directory.GetFiles(_folder));
        (PerplexityResult Result, string Fingerprint, long Mapped) first = Measure(EngineFixture.ModelPath), second = Measure(EngineFixture.ModelPath);
        Assert.Equal(packed.Result, first.Result);
        Assert.Equal(packed.Result, second.Result);
        Assert.Equal([packed.Fingerprint], new[] { first.Fingerprint, second.Fingerprint }.Distinct());
        Assert.Equal(0, packed.Mapped);
        Assert.True(first.Mapped > 10 << 20);
        Assert.Equal(first.Mapped, second.Mapped);
        Assert.Single(Directory.GetFiles(_folder, "*.weights"));
    }

    [Fact]
    public void A_file_replaced_by_one_of_the_same_size_and_time_is_another_model()
    {
        string path = Path.Combine(_folder, "model.gguf");
        byte[] bytes = File.ReadAllBytes(EngineFixture.ModelPath);
        File.WriteAllBytes(path, bytes);
        DateTime written = File.GetLastWriteTimeUtc(path);
        string before = Measure(path).Fingerprint;
        // A quantised value deep inside of a tensor.
        bytes[^1_000_001] ^= 1;
        File.WriteAllBytes(path, bytes);
        File.SetLastWriteTimeUtc(path, written);
        Assert.NotEqual(before, Measure(path).Fingerprint);
        Assert.Equal(2, Directory.GetFiles(_folder, "*.weights").Length);
    }

    [Fact]
    public void Damaged_weights_are_named_and_not_used()
    {
        PerplexityResult sound = Measure(EngineFixture.ModelPath).Result;
        string path = Assert.Single(Directory.GetFiles(_folder, "*.weights"));
        byte[] bytes = File.ReadAllBytes(path);
        Array.Fill(bytes, (byte)0x7c, bytes.Length / 2, 100_000);
        File.WriteAllBytes(path, bytes);
        List<string> notices = [];
        Assert.Equal(sound, Measure(EngineFixture.ModelPath, notices: notices).Result);
        Assert.Contains(path, Assert.Single(notices), StringComparison.Ordinal);
        notices.Clear();
        Assert.Equal(sound, Measure(EngineFixture.ModelPath, notices: notices).Result);
        Assert.Empty(notices);
    }

    private (PerplexityResult Result, string Fingerprint, long Mapped) Measure(string model, bool cached = true, List<string>? notices = null)
    {
        using ModelRuntime runtime = ModelRuntime.Load(model, new EngineOptions { Context = 32, Threads = 2, WeightCache = cached, WeightCacheFolder = _folder });
        notices?.AddRange(runtime.Notices);
        int[] tokens = PerplexityMeter.Encode(runtime.Package.Tokenizer, string.Concat(Enumerable.Repeat("The lighthouse keeper climbed the stairs and lit the lamp. ", 8)));
        return (new PerplexityMeter(runtime, 32).Measure(tokens, mostChunks: 2), Convert.ToHexString(runtime.Fingerprint), runtime.MappedBytes);
    }
}
