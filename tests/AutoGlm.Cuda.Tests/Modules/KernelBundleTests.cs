using AutoGlm.Cuda.Modules;

namespace AutoGlm.Cuda.Tests.Modules;

/// <summary>The PTX that ships was made from the sources beside it.</summary>
public class KernelBundleTests
{
    public static TheoryData<string> Sources => new(Directory.GetFiles(Kernels, "*.cu").Select(path => Path.GetFileNameWithoutExtension(path)!));

    private static string Kernels => TestData.InRepository("src", "AutoGlm.Cuda", "Kernels");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Sources))]
    public void Compiled_kernels_are_those_of_the_sources(string module)
    {
        string recorded = Path.Combine(Kernels, "Ptx", module + ".sources");
        Assert.True(File.Exists(recorded), $"{module}.cu has never been compiled: run Kernels/build.sh where nvcc is");
        Assert.True(File.ReadAllText(recorded).Trim() == new KernelSources(Kernels).Hash(module), $"{module}.cu or what it includes has changed since it was compiled: run Kernels/build.sh where nvcc is");
    }

    [Fact]
    public void Every_shipped_module_has_a_source()
    {
        Assert.All(KernelBundle.Modules.Keys, module => Assert.True(File.Exists(Path.Combine(Kernels, module + ".cu")), module));
    }

    [Fact]
    public void Shipped_modules_are_whole_and_name_their_kernels()
    {
        foreach ((string module, string[] targets) in KernelBundle.Modules)
        {
            foreach (string target in targets)
            {
                string text = KernelBundle.Read(module, target);
                Assert.Contains($".target sm_{target}", text);
                Assert.NotEmpty(PtxText.Parse(text).Kernels);
            }
        }
    }

    [Theory]
    [InlineData("80", "8.0", true)]
    [InlineData("80", "12.0", true)]
    [InlineData("80", "7.5", false)]
    [InlineData("90a", "9.0", true)]
    [InlineData("90a", "10.0", false)]
    [InlineData("90a", "8.9", false)]
    public void Targets_run_where_they_can(string target, string capability, bool runs) => Assert.Equal(runs, KernelBundle.Runs(target, Version.Parse(capability)));

}
