using System.Text.RegularExpressions;
using AutoGlm.Formats;
using AutoGlm.Formats.HuggingFace;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Models.Weights;

/// <summary>
/// gpt-oss keeps all experts in one tensor, inputs before outputs, gate and up columns taking turns:
/// <c>gate_up_proj</c> [experts, inputs, 2·width], <c>down_proj</c> [experts, width, outputs]; published files hold them as
/// MXFP4 instead: <c>_blocks</c> [experts, outputs, inputs/32, 16] bytes and <c>_scales</c> [experts, outputs, inputs/32].
/// </summary>
internal static partial class MergedExperts
{
    /// <summary>All of a folder's merged experts as the graph wants them: [experts, outputs, inputs], gate and up apart.</summary>
    public static IEnumerable<Tensor> Split(HuggingFaceFolder folder)
    {
        foreach ((string name, Tensor tensor) in folder.Tensors)
        {
            if (Pattern().Match(name) is not { Success: true } match) continue;
            bool bias = match.Groups["bias"].Success;
            if (tensor.Shape.Count != (bias ? 2 : 3)) throw new ModelFormatException(folder.Path, name, $"should have {(bias ? 2 : 3)} dimensions");
            foreach ((string target, int first, int step) in Targets(match, folder.Path, name, tensor.Shape[^1]))
                yield return bias ? Columns(target, tensor, first, step) : Transposed(target, tensor, first, step);
        }

        foreach (Tensor tensor in Mxfp4Experts.Split(folder)) yield return tensor;
    }

    /// <summary>GGUF's names of what a merged tensor holds, with the first output of each and the step to its next.</summary>
    public static IEnumerable<(string Name, int First, int Step)> Targets(Match match, string location, string name, long outputs)
    {
        string prefix = $"blk.{match.Groups["layer"].Value}.ffn_", suffix = match.Groups["bias"].Success ? "_exps.bias" : "_exps.weight";
        if (match.Groups["part"].Value == "down_proj") return [(prefix + "down" + suffix, 0, 1)];
        if (outputs % 2 != 0) throw new ModelFormatException(location, name, $"{outputs} outputs cannot be gate and up in turn");
        return [(prefix + "gate" + suffix, 0, 2), (prefix + "up" + suffix, 1, 2)];
    }

    private static ComputedTensor Columns(string name, Tensor bias, int first, int step)
    {
        int experts = (int)bias.RowCount, outputs = (int)bias.RowLength / step;
        return ComputedTensor.OfFloats(name, [experts, outputs], () =>
        {
            float[] all = bias.Decode(), values = new float[experts * outputs];
            for (int i = 0; i < values.Length; i++) values[i] = all[i * step + first];
            return values;
        });
    }

    private static StackedTensor Transposed(string name, Tensor merged, int first, int step)
    {
        int inputs = (int)merged.Shape[1], outputs = (int)merged.Shape[2] / step;
        return new StackedTensor(name, [.. Enumerable.Range(0, (int)merged.Shape[0]).Select(Expert)]);

        ComputedTensor Expert(int expert) => ComputedTensor.OfFloats(name, [outputs, inputs], () =>
        {
            float[] values = new float[checked(outputs * inputs)], row = new float[merged.RowLength];
            for (int input = 0; input < inputs; input++)
            {
                merged.DecodeRows((long)expert * inputs + input, 1, row);
                for (int output = 0; output < outputs; output++) values[output * inputs + input] = row[output * step + first];
            }

            return values;
        });
    }

    [GeneratedRegex(@"^model\.layers\.(?<layer>\d{1,5})\.mlp\.experts\.(?<part>gate_up_proj|down_proj)(?<bias>_bias)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
