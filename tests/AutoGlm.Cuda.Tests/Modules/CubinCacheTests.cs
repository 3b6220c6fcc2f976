using AutoGlm.Cuda.Modules;

namespace AutoGlm.Cuda.Tests.Modules;

public sealed class CubinCacheTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("autoglm-cubin").FullName;
    private int _compiled;

    [Fact]
    public void Code_is_made_once_for_a_text_a_driver_and_an_architecture()
    {
        Get("a", "13.0", "sm_90");
        Get("a", "13.0", "sm_90");
        Assert.Equal(1, _compiled);

        Get("b", "13.0", "sm_90");
        Get("a", "13.1", "sm_90");
        Get("a", "13.0", "sm_80");
        Assert.Equal(4, _compiled);
    }

    [Fact]
    public void Damaged_and_cut_files_are_made_anew()
    {
        byte[] code = Get("a", "13.0", "sm_90");
        string file = Assert.Single(Directory.GetFiles(_folder));
        byte[] bytes = File.ReadAllBytes(file);
        bytes[^1] ^= 1;
        File.WriteAllBytes(file, bytes);
        Assert.Equal(code, Get("a", "13.0", "sm_90"));
        File.WriteAllBytes(file, bytes[..10]);
        Assert.Equal(code, Get("a", "13.0", "sm_90"));
        Assert.Equal(3, _compiled);
    }

    [Fact]
    public void Without_a_folder_that_can_be_written_code_is_made_each_time()
    {
        string file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        foreach (string? folder in new[] { null, Path.Combine(file, "below") })
        {
            CubinCache cache = new(folder, "13.0", "sm_90");
            Assert.Equal(cache.Get("a", Compile), cache.Get("a", Compile));
        }

        Assert.Equal(4, _compiled);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private byte[] Get(string ptx, string driver, string architecture) => new CubinCache(_folder, driver, architecture).Get(ptx, Compile);

    private byte[] Compile(byte[] ptx)
    {
        _compiled++;
        return [.. ptx, 1, 2, 3];
    }
}
