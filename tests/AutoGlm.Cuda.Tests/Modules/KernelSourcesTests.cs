using AutoGlm.Cuda.Bindings;
using AutoGlm.Cuda.Modules;

namespace AutoGlm.Cuda.Tests.Modules;

/// <summary>Sources that whoever works on kernels changes: which they are, and what NVRTC makes of them.</summary>
public sealed class KernelSourcesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("autoglm-kernels").FullName;

    public KernelSourcesTests()
    {
        string kernels = TestData.InRepository("src", "AutoGlm.Cuda", "Kernels");
        foreach (string file in Directory.GetFiles(kernels, "*.cu*")) File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)));
    }

    [Fact]
    public void Only_modules_that_differ_from_what_ships_are_compiled()
    {
        KernelSources sources = new(_folder);
        Assert.Empty(KernelBundle.ChangedIn(sources));

        File.AppendAllText(sources.PathOf("norm"), "// changed\n");
        File.AppendAllText(Path.Combine(_folder, "gemv.cuh"), "// changed\n");
        File.WriteAllText(sources.PathOf("brand_new"), "// targets: 90a\n");
        string[] changed = [.. KernelBundle.ChangedIn(sources)];

        Assert.Contains("norm", changed);
        Assert.Contains("brand_new", changed);
        Assert.Contains("linear_q4_k", changed);
        Assert.DoesNotContain("rope", changed);
        Assert.Equal(["90a"], sources.TargetsOf("brand_new"));
        Assert.Equal(["80", "90a"], sources.TargetsOf("norm"));
    }

    [Fact]
    public void Without_nvrtc_the_error_says_where_it_was_looked_for()
    {
        Assert.SkipWhen(NativeLibraries.TryLoad(NativeLibraries.Nvrtc, out _), "there is NVRTC");

        NotSupportedException error = Assert.Throws<NotSupportedException>(() => SourceCompiler.Compile(new KernelSources(_folder).PathOf("norm"), "80"));

        Assert.Contains("NVRTC", error.Message);
        Assert.Contains("libnvrtc", error.Message);
    }

    [Fact]
    public void Nvrtc_makes_the_kernels_that_nvcc_made()
    {
        SkipWithoutNvrtc();
        KernelSources sources = new(_folder);
        foreach (string module in new[] { "norm", "rope", "sampling", "attention_hopper", "linear_q4_k" })
        {
            foreach (string target in sources.TargetsOf(module))
                Assert.Equal(PtxText.Parse(KernelBundle.Read(module, target)).Kernels.Order(), PtxText.Parse(SourceCompiler.Compile(sources.PathOf(module), target)).Kernels.Order());
        }
    }

    [Fact]
    public void What_does_not_compile_is_named_with_its_line()
    {
        SkipWithoutNvrtc();
        KernelSources sources = new(_folder);
        File.WriteAllText(sources.PathOf("wrong"), "extern \"C\" __global__ void wrong()\n{\n    nonsense;\n}\n");

        FormatException error = Assert.Throws<FormatException>(() => SourceCompiler.Compile(sources.PathOf("wrong"), "80"));

        Assert.Contains("wrong.cu(3)", error.Message);
        Assert.Contains("nonsense", error.Message);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void SkipWithoutNvrtc() =>
        Assert.SkipUnless(NativeLibraries.TryLoad(NativeLibraries.Nvrtc, out IReadOnlyList<string> tried), $"needs NVRTC ({NativeLibraries.Places(tried)})");
}
