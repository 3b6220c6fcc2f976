using AutoGlm.Graph.Nodes;

namespace AutoGlm.Cpu.Plan;

/// <summary>A router's choice for one row. A row's experts are few, so the best are found by repeated search.</summary>
internal static unsafe class ExpertChoice
{
    private const int MostExperts = 4096;

    /// <param name="shape">How.</param>
    /// <param name="logits">[experts].</param>
    /// <param name="selectionBias">[experts], or null.</param>
    /// <param name="result">[2·used]: ids, best first, then weights.</param>
    public static void Run(RouterShape shape, float* logits, float* selectionBias, float* result)
    {
        int experts = shape.Experts, used = shape.Used;
        if (experts > MostExperts) throw new NotSupportedException($"A router over {experts} experts is not supported; at most {MostExperts}.");
        float* scores = stackalloc float[experts], choice = stackalloc float[experts];
        Score(shape, logits, scores);
        for (int i = 0; i < experts; i++) choice[i] = scores[i] + (selectionBias == null ? 0 : selectionBias[i]);
        if (shape.Groups > 1) BarGroups(shape, choice);
        for (int slot = 0; slot < used; slot++)
        {
            int best = IndexOfMax(choice, experts);
            result[slot] = best;
            result[used + slot] = scores[best];
            choice[best] = float.NegativeInfinity;
        }

        Weigh(shape, result + used);
    }

    private static void Score(RouterShape shape, float* logits, float* scores)
    {
        if (shape.Gating == RouterGating.Sigmoid)
        {
            for (int i = 0; i < shape.Experts; i++) scores[i] = 1 / (1 + MathF.Exp(-logits[i]));
            return;
        }

        new Span<float>(logits, shape.Experts).CopyTo(new Span<float>(scores, shape.Experts));
        if (shape.Gating == RouterGating.Softmax) Softmax(scores, shape.Experts);
    }

    private static void Softmax(float* x, int count)
    {
        float most = x[IndexOfMax(x, count)], sum = 0;
        for (int i = 0; i < count; i++) sum += x[i] = MathF.Exp(x[i] - most);
        for (int i = 0; i < count; i++) x[i] /= sum;
    }

    /// <summary>Leaves only the experts of the best groups: a group is worth its best two experts, or its best one under softmax (DeepSeek V3, V2).</summary>
    private static void BarGroups(RouterShape shape, float* choice)
    {
        int size = shape.Experts / shape.Groups;
        float* worth = stackalloc float[shape.Groups];
        for (int group = 0; group < shape.Groups; group++) worth[group] = Worth(choice + group * size, size, shape.Gating == RouterGating.Softmax ? 1 : 2);
        bool* kept = stackalloc bool[shape.Groups];
        new Span<bool>(kept, shape.Groups).Clear();
        for (int i = 0; i < shape.GroupsUsed; i++)
        {
            int best = IndexOfMax(worth, shape.Groups);
            kept[best] = true;
            worth[best] = float.NegativeInfinity;
        }

        for (int i = 0; i < shape.Experts; i++)
        {
            if (!kept[i / size]) choice[i] = float.NegativeInfinity;
        }
    }

    private static float Worth(float* choice, int count, int counted)
    {
        float first = float.NegativeInfinity, second = float.NegativeInfinity;
        for (int i = 0; i < count; i++)
        {
            if (choice[i] > first) (first, second) = (choice[i], first);
            else if (choice[i] > second) second = choice[i];
        }

        return counted == 2 && count > 1 ? first + second : first;
    }

    private static void Weigh(RouterShape shape, float* weights)
    {
        if (shape.Gating == RouterGating.SoftmaxOfSelected) Softmax(weights, shape.Used);
        float sum = shape.Normalize ? 1e-20f : 1;
        for (int i = 0; i < shape.Used && shape.Normalize; i++) sum += weights[i];
        for (int i = 0; i < shape.Used; i++) weights[i] = weights[i] / sum * shape.Scale;
    }

    /// <summary>The first of the largest; 0 where none is a number.</summary>
    private static int IndexOfMax(float* x, int count)
    {
        int best = 0;
        for (int i = 1; i < count; i++)
        {
            if (x[i] > x[best] || float.IsNaN(x[best])) best = i;
        }

        return best;
    }
}
