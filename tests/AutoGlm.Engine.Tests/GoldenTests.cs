using AutoGlm.Cpu;
using AutoGlm.Engine.Verification;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Execution.Split;

namespace AutoGlm.Engine.Tests;

/// <summary>Every architecture against Hugging Face transformers in double precision, from a folder and from GGUF.</summary>
public class GoldenTests
{
    private const double Tolerance = 2e-4;

    public static TheoryData<string> Names =>
    [
        "deepseek-v3", "gemma2", "gemma3", "glm", "glm4", "glm4-moe", "glm4-moe-lite", "gpt-oss", "granite", "llama", "llama3-rope",
        "mistral", "mixtral", "olmo2", "phi3", "qwen2", "qwen3", "qwen3-moe", "qwen3-yarn", "smollm3",
    ];

    public static TheoryData<string, bool, bool> Models()
    {
        TheoryData<string, bool, bool> data = [];
        foreach (string name in Names.Select(row => row.Data))
        {
            foreach (bool reference in new[] { true, false })
            {
                data.Add(name, false, reference);
                if (name is not ("gemma2" or "mistral" or "phi3")) data.Add(name, true, reference);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Logits_and_greedy_tokens_agree(string name, bool gguf, bool reference)
    {
        string model = gguf ? TestData.Shared("goldens", name + ".gguf") : TestData.Shared("goldens", name);
        Golden golden = Golden.Open(TestData.Shared("goldens", name, "golden.safetensors"));
        // A GGUF converter writes GLM's context from the head count; the golden goes past it.
        EngineOptions options = new() { Context = 64, KvType = KvType.F32, Reference = reference, Threads = 2 };
        using ModelRuntime runtime = ModelRuntime.Load(model, options);

        GoldenResult result = new GoldenVerifier(runtime, golden).Run();

        Assert.True(result.Passes(Tolerance), result.ToString());
    }

    /// <summary>What --gpu-layers does on a card, with the processor in its place.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Logits_agree_where_layers_are_split_over_two_backends(string name)
    {
        string model = TestData.Shared("goldens", name);
        Golden golden = Golden.Open(TestData.Shared("goldens", name, "golden.safetensors"));
        EngineOptions options = new() { Context = 64, KvType = KvType.F32 };
        int all = int.MaxValue;
        for (int layers = 1; layers < all; layers++)
        {
            SplitOptions split = new() { Layers = layers, KvTokens = 64 };
            using ModelRuntime runtime = ModelRuntime.Load(model, options, (_, _) => new SplitBackend(OneThread(), OneThread(), split));
            all = runtime.Graph.Attentions.Count();

            GoldenResult result = new GoldenVerifier(runtime, golden).Run();

            Assert.True(result.Passes(Tolerance), $"{layers} layers: {result}");
        }

        Assert.True(all > 1);
    }

    private static CpuBackend OneThread() => new(new CpuOptions { Threads = 1 });
}
