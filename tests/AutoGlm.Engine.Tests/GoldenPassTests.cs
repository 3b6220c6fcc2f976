using AutoGlm.Cpu;
using AutoGlm.Engine.Verification;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Passes;

namespace AutoGlm.Engine.Tests;

/// <summary>Every architecture's golden with each pass left out, each alone, and none.</summary>
public class GoldenPassTests
{
    private const double Tolerance = 2e-4;

    public static TheoryData<string> Passes => new(Names.Append("none of them").Append("all"));

    private static IEnumerable<string> Names => GraphOptimizer.Passes.Select(pass => pass.Name).Concat(PlanPasses.All);

    [Theory]
    [MemberData(nameof(Passes))]
    public void Goldens_agree_without_a_pass(string pass)
    {
        string[] without = pass switch { "none of them" => [], "all" => [.. Names], _ => [pass] };
        foreach (string folder in Goldens()) Verify(folder, without);
    }

    [Theory]
    [MemberData(nameof(Passes))]
    public void Goldens_agree_with_one_pass_alone(string pass)
    {
        foreach (string folder in Goldens()) Verify(folder, [.. Names.Where(name => name != pass)]);
    }

    private static IEnumerable<string> Goldens() =>
        Directory.EnumerateDirectories(TestData.Shared("goldens")).Where(folder => File.Exists(Path.Combine(folder, "golden.safetensors"))).Order();

    private static void Verify(string folder, string[] without)
    {
        Golden golden = Golden.Open(Path.Combine(folder, "golden.safetensors"));
        EngineOptions options = new() { Context = 64, KvType = KvType.F32, Threads = 3, WithoutPasses = without };
        using ModelRuntime runtime = ModelRuntime.Load(folder, options);

        GoldenResult result = new GoldenVerifier(runtime, golden).Run();

        Assert.True(result.Passes(Tolerance), $"{Path.GetFileName(folder)} without {string.Join(", ", without)}: {result}");
    }
}
