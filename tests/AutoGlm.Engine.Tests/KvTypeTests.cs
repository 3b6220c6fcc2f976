using AutoGlm.Engine.Verification;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Engine.Tests;

/// <summary>How keys and values are stored, end to end.</summary>
public class KvTypeTests
{
    [Theory]
    [InlineData("llama", KvType.F16, 3e-3)]
    [InlineData("llama", KvType.Q8_0, 6e-2)]
    [InlineData("gemma3", KvType.Q8_0, 3e-2)]
    [InlineData("qwen3", KvType.Q8_0, 6e-2)]
    public void Smaller_types_stay_near_the_golden_by_definition_and_fast(string name, KvType type, double tolerance)
    {
        double fast = ErrorOf(name, type, reference: false), slow = ErrorOf(name, type, reference: true);

        Assert.InRange(fast, 0, tolerance);
        Assert.InRange(slow, 0, tolerance);
    }

    [Fact]
    public void Heads_that_are_no_whole_groups_are_refused_with_what_to_do()
    {
        EngineOptions options = new() { Context = 64, KvType = KvType.Q8_0 };

        ArgumentException error = Assert.Throws<ArgumentException>(() => ModelRuntime.Load(TestData.Shared("goldens", "glm"), options));

        Assert.Contains("layer 0 has heads of 16 columns; take F16", error.Message, StringComparison.Ordinal);
    }

    private static double ErrorOf(string name, KvType type, bool reference)
    {
        Golden golden = Golden.Open(TestData.Shared("goldens", name, "golden.safetensors"));
        using ModelRuntime runtime = ModelRuntime.Load(TestData.Shared("goldens", name), new EngineOptions { Context = 64, KvType = type, Reference = reference, Threads = 2 });
        return new GoldenVerifier(runtime, golden).Run(TestContext.Current.CancellationToken).LargestError;
    }
}
