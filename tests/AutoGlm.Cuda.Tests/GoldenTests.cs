using AutoGlm.Engine;
using AutoGlm.Engine.Verification;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cuda.Tests;

/// <summary>Every architecture on the card, against Hugging Face transformers in double precision.</summary>
public class GoldenTests
{
    public static TheoryData<string> Names =>
    [
        "deepseek-v3", "gemma2", "gemma3", "glm", "glm4", "glm4-moe", "glm4-moe-lite", "gpt-oss", "granite", "llama", "llama3-rope",
        "mistral", "mixtral", "olmo2", "phi3", "qwen2", "qwen3", "qwen3-moe", "qwen3-yarn", "smollm3",
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void Plain_kernels_agree(string name) => Verify(name, reference: true, KvType.F32, 2e-4);

    [Theory]
    [MemberData(nameof(Names))]
    public void Fast_kernels_agree(string name) => Verify(name, reference: false, KvType.F16, 2e-2);

    /// <summary>Some layers on the card and the others on the processor, at every cut.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Split_layers_agree(string name)
    {
        Gpu.Open().Dispose();
        foreach (string layers in new[] { "0", "1", "2", "auto" }) Verify(name, reference: false, KvType.F16, 2e-2, layers);
    }

    private static void Verify(string name, bool reference, KvType kv, double tolerance, string? layers = null)
    {
        Gpu.Open().Dispose();
        string model = TestData.Shared("goldens", name);
        Golden golden = Golden.Open(TestData.Shared("goldens", name, "golden.safetensors"));
        EngineOptions options = new() { Device = "cuda", Context = 64, KvType = kv, Reference = reference, GpuLayers = layers };
        using ModelRuntime runtime = ModelRuntime.Load(model, options);

        GoldenResult result = new GoldenVerifier(runtime, golden).Run();

        Assert.True(result.LargestError <= tolerance && (result.GreedyMatches == result.GreedyTokens || !reference), result.ToString());
    }
}
