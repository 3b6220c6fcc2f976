using System.Text.RegularExpressions;
using AutoGlm.Formats;
using AutoGlm.Formats.HuggingFace;
using AutoGlm.Formats.Safetensors;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Models.Weights;

/// <summary>
/// gpt-oss's experts as published: <c>_blocks</c> [experts, outputs, inputs/32, 16], where byte i holds values 2i and 2i+1, and
/// <c>_scales</c> [experts, outputs, inputs/32]. GGUF's block is the scale, then bytes that hold values i and i+16.
/// </summary>
internal static partial class Mxfp4Experts
{
    private const int BlockLength = 32, PackedBytes = BlockLength / 2, BlockBytes = 1 + PackedBytes;

    public static IEnumerable<Tensor> Split(HuggingFaceFolder folder)
    {
        foreach ((string name, SafetensorsEntry blocks) in folder.Entries)
        {
            if (Pattern().Match(name) is not { Success: true } match) continue;
            string scalesName = name[..^"blocks".Length] + "scales";
            if (!folder.Entries.TryGetValue(scalesName, out SafetensorsEntry? scales)) throw new ModelFormatException(folder.Path, scalesName, "the blocks are there and their scales are not");
            if (blocks.Shape.Count != 4 || blocks.Shape[3] != PackedBytes || blocks.Dtype != SafetensorsDtype.U8 || scales.Dtype != SafetensorsDtype.U8 || !scales.Shape.SequenceEqual(blocks.Shape.Take(3)))
                throw new ModelFormatException(folder.Path, name, "should be bytes [experts, outputs, inputs/32, 16], with scales [experts, outputs, inputs/32]");
            foreach ((string target, int first, int step) in MergedExperts.Targets(match, folder.Path, name, blocks.Shape[1]))
                yield return Rows(target, blocks, scales, first, step);
        }
    }

    private static StackedTensor Rows(string name, SafetensorsEntry blocks, SafetensorsEntry scales, int first, int step)
    {
        int rows = (int)blocks.Shape[1], rowBlocks = (int)blocks.Shape[2], outputs = rows / step;
        return new StackedTensor(name, [.. Enumerable.Range(0, (int)blocks.Shape[0]).Select(Expert)]);

        ComputedTensor Expert(int expert) => new(name, TensorType.MXFP4, [outputs, (long)rowBlocks * BlockLength], () =>
        {
            byte[] bytes = new byte[checked(outputs * rowBlocks * BlockBytes)];
            for (int output = 0; output < outputs; output++)
            {
                long block = ((long)expert * rows + output * step + first) * rowBlocks;
                ReadOnlySpan<byte> packed = blocks.Bytes(block * PackedBytes, rowBlocks * PackedBytes);
                ReadOnlySpan<byte> rowScales = scales.Bytes(block, rowBlocks);
                for (int i = 0; i < rowBlocks; i++)
                    Repack(packed.Slice(i * PackedBytes, PackedBytes), rowScales[i], bytes.AsSpan((output * rowBlocks + i) * BlockBytes, BlockBytes));
            }

            return bytes;
        });
    }

    private static void Repack(ReadOnlySpan<byte> packed, byte scale, Span<byte> block)
    {
        block[0] = scale;
        for (int i = 0; i < PackedBytes; i++) block[1 + i] = (byte)(Nibble(packed, i) | Nibble(packed, i + PackedBytes) << 4);
    }

    private static int Nibble(ReadOnlySpan<byte> packed, int value) => packed[value / 2] >> 4 * (value % 2) & 15;

    [GeneratedRegex(@"^model\.layers\.(?<layer>\d{1,5})\.mlp\.experts\.(?<part>gate_up_proj|down_proj)_blocks(?<bias>_bias)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
