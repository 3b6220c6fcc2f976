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

    private static void Verify(string name, bool reference, KvType kv, double tolerance)
    {
        Gpu.Open().Dispose();
        string model = TestData.Shared("goldens", name);
        Golden golden = Golden.Open(TestData.Shared("goldens", name, "golden.safetensors"));
        EngineOptions options = new() { Device = "cuda", Context = 64, KvType = kv, Reference = reference };
        using ModelRuntime runtime = ModelRuntime.Load(model, options);

        GoldenResult result = new GoldenVerifier(runtime, golden).Run();

        Assert.True(result.LargestError <= tolerance && (result.GreedyMatches == result.GreedyTokens || !reference), result.ToString());
    }
}
