using AutoGlm.Engine.Verification;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Engine.Tests;

/// <summary>Every architecture against Hugging Face transformers in double precision, from a folder and from GGUF.</summary>
public class GoldenTests
{
    private const double Tolerance = 2e-4;

    public static TheoryData<string, bool, bool> Models()
    {
        string[] names =
        [
            "deepseek-v3", "gemma2", "gemma3", "glm", "glm4", "glm4-moe", "glm4-moe-lite", "gpt-oss", "granite", "llama", "llama3-rope",
            "mistral", "mixtral", "olmo2", "phi3", "qwen2", "qwen3", "qwen3-moe", "qwen3-yarn", "smollm3",
        ];
        TheoryData<string, bool, bool> data = [];
        foreach (string name in names)
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
}
