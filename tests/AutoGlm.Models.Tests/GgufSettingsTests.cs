using System.Buffers.Binary;
using AutoGlm.Formats;
using AutoGlm.Models.Synthesis;
using AutoGlm.Models.Tests.Synthesis;

namespace AutoGlm.Models.Tests;

/// <summary>Settings of a GGUF file that its tensors, or other settings, contradict.</summary>
public class GgufSettingsTests
{
    private static readonly SyntheticShape Shape = SyntheticModelTests.Tiny with { Layers = 1 };

    [Theory]
    [InlineData("attention.value_length", 64u, 32u, "attention.value_length")]
    [InlineData("attention.key_length", 64u, 32u, "blk.0.attn_q.weight")]
    [InlineData("attention.head_count", 4u, 8u, "blk.0.attn_q.weight")]
    [InlineData("vocab_size", 1024u, 1000u, "vocab_size")]
    public void A_contradiction_is_refused_with_its_field(string key, uint was, uint becomes, string field)
    {
        string path = Path.Combine(Path.GetTempPath(), $"autoglm-{Guid.NewGuid():N}.gguf");
        try
        {
            SyntheticModel.Write(Shape, SyntheticType.Parse("Q8_0"), path, seed: 1);
            byte[] file = File.ReadAllBytes(path);
            // The key, its type in four bytes, then the number.
            ReadOnlySpan<byte> name = System.Text.Encoding.UTF8.GetBytes("llama." + key);
            byte[] needle = [(byte)name.Length, 0, 0, 0, 0, 0, 0, 0, .. name];
            Span<byte> value = file.AsSpan(file.AsSpan().IndexOf(needle) + needle.Length + 4, 4);
            Assert.Equal(was, BinaryPrimitives.ReadUInt32LittleEndian(value));
            BinaryPrimitives.WriteUInt32LittleEndian(value, becomes);
            File.WriteAllBytes(path, file);

            ModelFormatException error = Assert.Throws<ModelFormatException>(() => ModelPackage.Open(path).Dispose());
            Assert.Equal((path, field), (error.File, error.Field));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
