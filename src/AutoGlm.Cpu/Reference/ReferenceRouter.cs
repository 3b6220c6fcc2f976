using AutoGlm.Graph.Nodes;

namespace AutoGlm.Cpu.Reference;

/// <summary>The definition of a mixture of experts.</summary>
internal static class ReferenceRouter
{
    /// <summary>logits [rows, experts] → y [rows, 2·used]: ids, best first, then weights.</summary>
    public static void Run(RouterShape shape, ReadOnlySpan<float> logits, ReadOnlySpan<float> selectionBias, Span<float> y, int rows)
    {
        for (int row = 0; row < rows; row++)
        {
            double[] scores = Score(shape, logits.Slice(row * shape.Experts, shape.Experts));
            double[] choice = new double[shape.Experts];
            for (int i = 0; i < choice.Length; i++) choice[i] = scores[i] + (selectionBias.IsEmpty ? 0 : selectionBias[i]);
            BarGroups(shape, choice);
            int[] chosen = [.. Enumerable.Range(0, shape.Experts).OrderByDescending(i => choice[i]).ThenBy(i => i).Take(shape.Used)];
            double[] weights = Weigh(shape, [.. chosen.Select(i => scores[i])]);
            for (int i = 0; i < shape.Used; i++)
            {
                y[row * 2 * shape.Used + i] = chosen[i];
                y[row * 2 * shape.Used + shape.Used + i] = (float)weights[i];
            }
        }
    }

    /// <summary>w [experts, outputs, inputs], bias [experts, outputs] or empty.</summary>
    public static void MatMul(ReadOnlySpan<float> x, ReadOnlySpan<float> routing, ReadOnlySpan<float> w, ReadOnlySpan<float> bias, ExpertMatMul node, Span<float> y, int rows)
    {
        int used = node.Used, outputs = (int)node.W.Shape[1], inputs = (int)node.W.Shape[2];
        bool slotted = x.Length == rows * used * inputs && used > 1;
        for (int row = 0; row < rows; row++)
        {
            for (int slot = 0; slot < used; slot++)
            {
                int expert = (int)routing[row * 2 * used + slot];
                ReadOnlySpan<float> input = x.Slice((slotted ? row * used + slot : row) * inputs, inputs);
                ReadOnlySpan<float> expertBias = bias.IsEmpty ? default : bias.Slice(expert * outputs, outputs);
                ReferenceMath.MatMul(input, w.Slice(expert * outputs * inputs, outputs * inputs), expertBias, y.Slice((row * used + slot) * outputs, outputs), 1, inputs, outputs);
            }
        }
    }

    public static void Sum(ReadOnlySpan<float> x, ReadOnlySpan<float> routing, int used, Span<float> y, int rows, int width)
    {
        for (int row = 0; row < rows; row++)
        {
            for (int c = 0; c < width; c++)
            {
                double sum = 0;
                for (int slot = 0; slot < used; slot++) sum += (double)routing[row * 2 * used + used + slot] * x[(row * used + slot) * width + c];
                y[row * width + c] = (float)sum;
            }
        }
    }

    private static double[] Score(RouterShape shape, ReadOnlySpan<float> logits) => shape.Gating switch
    {
        RouterGating.Softmax => Softmax([.. logits]),
        RouterGating.Sigmoid => [.. logits.ToArray().Select(logit => ReferenceMath.Sigmoid(logit))],
        _ => [.. logits],
    };

    private static double[] Softmax(double[] logits)
    {
        double most = logits.Max();
        double[] powers = [.. logits.Select(logit => Math.Exp(logit - most))];
        return [.. powers.Select(power => power / powers.Sum())];
    }

    /// <summary>Leaves only the experts of the best groups: a group is worth its best two experts, or its best one under softmax (DeepSeek V3, V2).</summary>
    private static void BarGroups(RouterShape shape, double[] choice)
    {
        if (shape.Groups <= 1) return;
        int size = shape.Experts / shape.Groups, counted = shape.Gating == RouterGating.Softmax ? 1 : 2;
        double Worth(int group) => choice.Skip(group * size).Take(size).OrderDescending().Take(counted).Sum();
        foreach (int barred in Enumerable.Range(0, shape.Groups).OrderByDescending(Worth).ThenBy(group => group).Skip(shape.GroupsUsed))
            Array.Fill(choice, double.NegativeInfinity, barred * size, size);
    }

    private static double[] Weigh(RouterShape shape, double[] scores)
    {
        if (shape.Gating == RouterGating.SoftmaxOfSelected) scores = Softmax(scores);
        double sum = shape.Normalize ? scores.Sum() + 1e-20 : 1;
        return [.. scores.Select(score => score / sum * shape.Scale)];
    }
}
