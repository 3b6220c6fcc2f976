using AutoGlm.Formats.Gguf;
using AutoGlm.Formats.Quantization;
using AutoGlm.Formats.Tensors;
using AutoGlm.Models.Synthesis;

namespace AutoGlm.Models.Tests.Synthesis;

public class SyntheticModelTests
{
    internal static readonly SyntheticShape Tiny = new()
    {
        Name = "tiny",
        Architecture = "llama",
        Layers = 8,
        Width = 256,
        Heads = 4,
        KvHeads = 2,
        HeadWidth = 64,
        Hidden = 512,
        Vocabulary = 1024,
        Tied = true,
    };

    public static TheoryData<string> TypeNames => [.. BlockFormats.All.Select(format => format.Name), "q4_k_m"];

    public static TheoryData<string> ShapeNames => [.. SyntheticShape.All.Select(shape => shape.Name)];

    [Theory, MemberData(nameof(TypeNames))]
    public void EveryTypeReadsBackFinite(string type)
    {
        using GgufFile file = Write(Tiny, type);
        Assert.Equal(1 + 8 * 9 + 1, file.Tensors.Count);
        foreach (Tensor tensor in file.Tensors.Values)
        {
            Assert.Equal(tensor.Shape.Count == 1 ? TensorType.F32 : tensor.Type, tensor.Type);
            float[] values = tensor.Decode();
            double mean = tensor.Name.EndsWith("norm.weight", StringComparison.Ordinal) ? 1 : 0;
            Assert.InRange(values.Average(), mean - 0.005, mean + 0.005);
            Assert.InRange(Math.Sqrt(values.Average(value => (value - mean) * (value - mean))), 0.017, 0.023);
        }

        if (type != "q4_k_m") Assert.Equal(BlockFormats.Get(type).Type, file.Tensors["token_embd.weight"].Type);
    }

    [Fact]
    public void Q4KMMixesAsLlamaCppDoes()
    {
        using GgufFile file = Write(Tiny with { Tied = false }, "Q4_K_M");
        Assert.Equal(TensorType.Q6_K, file.Tensors["output.weight"].Type);
        Assert.Equal(TensorType.Q4_K, file.Tensors["token_embd.weight"].Type);
        foreach (string name in new[] { "attn_v", "ffn_down" })
        {
            var larger = Enumerable.Range(0, 8).Where(layer => file.Tensors[$"blk.{layer}.{name}.weight"].Type == TensorType.Q6_K);
            Assert.Equal([0, 3, 6, 7], larger);
        }

        Assert.Equal(8 * 5 + 8 + 1, file.Tensors.Values.Count(tensor => tensor.Type == TensorType.Q4_K));
        using GgufFile tied = Write(Tiny, "Q4_K_M");
        Assert.Equal(TensorType.Q6_K, tied.Tensors["token_embd.weight"].Type);
        Assert.Equal(15, tied.Metadata.GetInt32("general.file_type"));
    }

    [Theory]
    [InlineData("Q4_K", TensorType.Q5_0), InlineData("Q5_K", TensorType.Q5_1), InlineData("Q6_K", TensorType.Q8_0), InlineData("Q2_K", TensorType.IQ4_NL)]
    [InlineData("Q3_K", TensorType.IQ4_NL), InlineData("IQ4_XS", TensorType.IQ4_NL), InlineData("TQ1_0", TensorType.Q4_0), InlineData("Q4_0", TensorType.Q4_0)]
    public void RowsThatDoNotFitFallBack(string type, TensorType expected)
    {
        using GgufFile file = Write(Tiny with { Width = 320, Layers = 1 }, type);
        Assert.Equal(expected, file.Tensors["blk.0.attn_q.weight"].Type);
        Assert.Equal(SyntheticType.Parse(type).Name, file.Tensors["blk.0.ffn_down.weight"].Type.ToString());
    }

    [Fact]
    public void Glm4HasItsOwnTensors()
    {
        using GgufFile file = Write(Tiny with { Architecture = "glm4", Tied = false, RopeWidth = 32, Layers = 1 }, "Q8_0");
        Assert.Equal([2 * 512, 256], file.Tensors["blk.0.ffn_up.weight"].Shape);
        Assert.DoesNotContain("blk.0.ffn_gate.weight", file.Tensors.Keys);
        Assert.Equal([128], file.Tensors["blk.0.attn_k.bias"].Shape);
        Assert.Equal([256], file.Tensors["blk.0.post_attention_norm.weight"].Shape);
        Assert.Equal([256], file.Tensors["blk.0.post_ffw_norm.weight"].Shape);
        Assert.Equal(32, file.Metadata.GetInt32("glm4.rope.dimension_count"));
        Assert.Equal([1024, 256], file.Tensors["output.weight"].Shape);
    }

    [Fact]
    public void TheSeedDecidesEveryByte()
    {
        using GgufFile one = Write(Tiny, "Q4_0", seed: 1), again = Write(Tiny, "Q4_0", seed: 1), other = Write(Tiny, "Q4_0", seed: 2);
        var matrices = one.Tensors.Values.Where(tensor => tensor.Shape.Count == 2).ToArray();
        foreach (Tensor tensor in matrices)
        {
            Assert.True(All(tensor).SequenceEqual(All(again.Tensors[tensor.Name])));
            Assert.False(All(tensor).SequenceEqual(All(other.Tensors[tensor.Name])));
        }

        // No two matrices begin alike.
        Assert.Equal(matrices.Length, matrices.Select(tensor => Convert.ToHexString(tensor.Rows(0, 1))).Distinct().Count());

        static ReadOnlySpan<byte> All(Tensor tensor) => tensor.Rows(0, (int)tensor.RowCount);
    }

    [Fact]
    public void TheVocabularyIsSoundBpe()
    {
        using GgufFile file = Write(Tiny with { Layers = 1 }, "Q8_0");
        string[] tokens = file.Metadata.GetStrings("tokenizer.ggml.tokens").ToArray();
        int[] types = file.Metadata.GetInt32s("tokenizer.ggml.token_type");
        Assert.Equal(1024, tokens.Length);
        Assert.Equal(1024, types.Length);
        Assert.Equal(1024, tokens.Distinct().Count());
        Assert.Equal(256, tokens.Count(token => token.Length == 1));
        Assert.Contains("Ġ", tokens);
        Assert.Contains("Ċ", tokens);

        var known = new HashSet<string>(tokens.Where(token => token.Length == 1));
        GgufStrings merges = file.Metadata.GetStrings("tokenizer.ggml.merges");
        Assert.True(merges.Count > 200);
        foreach (string merge in merges)
        {
            // Both halves must be made by bytes or earlier merges.
            string[] halves = merge.Split(' ');
            Assert.Equal(2, halves.Length);
            Assert.All(halves, half => Assert.Contains(half, known));
            Assert.True(known.Add(halves[0] + halves[1]));
        }

        Assert.Equal(known.Order(StringComparer.Ordinal), tokens.Where((_, i) => types[i] == 1).Order(StringComparer.Ordinal));
        Assert.All(tokens.Where((_, i) => types[i] == 5), token => Assert.StartsWith("<|pad_", token));
        Assert.Equal("<|im_end|>", tokens[file.Metadata.GetInt32("tokenizer.ggml.eos_token_id")]);
        Assert.Equal("<|im_start|>", tokens[file.Metadata.GetInt32("tokenizer.ggml.bos_token_id")]);
        Assert.Equal(3, types.Count(type => type == 3));
    }

    [Theory, MemberData(nameof(ShapeNames))]
    public void NamedShapesAreConsistent(string name)
    {
        SyntheticShape shape = SyntheticShape.Get(name.ToUpperInvariant());
        Assert.Equal(0, shape.Heads % shape.KvHeads);
        Assert.Equal(shape.Width, shape.Heads * shape.HeadWidth);
        Assert.Equal(0, shape.Width % 32);
        Assert.Equal(0, shape.Hidden % 32);
    }

    [Fact]
    public void UnknownNamesAreRefusedWithTheKnownOnes()
    {
        Assert.Contains("glm4-9b", Assert.Throws<ArgumentException>(() => SyntheticShape.Get("70b")).Message);
        Assert.Contains("Q4_K_M", Assert.Throws<ArgumentException>(() => SyntheticType.Parse("Q9")).Message);
    }

    [Fact]
    public void CancelledWritingLeavesNothing()
    {
        string folder = Directory.CreateTempSubdirectory("autoglm-").FullName;
        try
        {
            var cancelled = new CancellationToken(canceled: true);
            Assert.Throws<OperationCanceledException>(() => SyntheticModel.Write(Tiny, TensorType.Q4_0, Path.Combine(folder, "a.gguf"), cancellation: cancelled));
            Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Writes and opens; the file's name is gone at once, its content with the last reader.</summary>
    private static GgufFile Write(SyntheticShape shape, string type, int seed = 1)
    {
        string path = Path.Combine(Path.GetTempPath(), $"autoglm-{Guid.NewGuid():N}.gguf");
        SyntheticModel.Write(shape, SyntheticType.Parse(type), path, seed: seed);
        try
        {
            return GgufFile.Open(path);
        }
        finally
        {
            if (!OperatingSystem.IsWindows()) File.Delete(path);
        }
    }
}
