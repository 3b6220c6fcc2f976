using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Cuda.Plan;

/// <summary>A value that is left, where it has many rows, as the operand of the products that read it right after.</summary>
/// <param name="Slot">Which of two places for operands: what makes a value may read its own from the other.</param>
/// <param name="Form">The products' <see cref="DeviceMatrix.InputForm"/>.</param>
internal sealed record Handover(int Slot, int Form);

/// <summary>Finds the values that products can be handed: rows of norms, gates and attention that nothing else reads.</summary>
/// <param name="graph">The graph.</param>
/// <param name="fusions">What other nodes' kernels do; null for nothing.</param>
/// <param name="isView">True for a node that queues nothing, as its value lies in another.</param>
/// <param name="isAligned">True for a value whose rows can be read four columns at a time.</param>
/// <param name="form">The form in which a matrix's products read operands; 0 for none.</param>
internal sealed class Handovers(ComputationGraph graph, Fusions? fusions, Func<int, bool> isView, Func<Value, bool> isAligned, Func<Weight, int> form)
{
    private const int OperandColumns = 128;

    /// <summary>The values, in the graph's order.</summary>
    public IReadOnlyDictionary<int, Handover> Find()
    {
        Dictionary<int, Handover> found = [];
        Dictionary<int, int> gatedOf = [];
        List<int>[] readers = [.. graph.Nodes.Select(_ => new List<int>())];
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            foreach (Value input in graph.Nodes[i].Inputs) readers[input.Index].Add(i);
            if (fusions?.MatMulOf(i) is not null) gatedOf[graph[graph.Nodes[i].Inputs[0]].Inputs[0].Index] = i;
        }

        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            if (FormOf(i, readers[i], gatedOf) is not (> 0 and int wanted)) continue;
            // A product that gates reads its operand while it writes the next.
            int slot = fusions?.MatMulOf(i) is { } matMul ? 1 - (found.GetValueOrDefault(matMul.X.Index)?.Slot ?? 0) : 0;
            found[i] = new Handover(slot, wanted);
        }

        return found;
    }

    /// <summary>The form that a value's readers share, if they follow at once; 0 for none.</summary>
    private int FormOf(int index, List<int> readers, Dictionary<int, int> gatedOf)
    {
        Node node = graph.Nodes[index];
        bool makes = node is Attention or Gated || (node is RmsNorm norm && norm.GroupSize == norm.Width && isAligned(norm.X));
        if (!makes || readers.Count == 0 || index == graph.Output.Index || node.Width % OperandColumns != 0 || fusions?.IsAbsorbed(index) == true) return 0;
        int[] forms = [.. readers.Select(reader => graph.Nodes[reader] is MatMul matMul && matMul.X.Index == index && matMul.Addend?.Index != index ? form(matMul.W) : 0).Distinct()];
        if (forms is not [var shared]) return 0;
        HashSet<int> steps = [.. readers.Select(reader => gatedOf.GetValueOrDefault(reader, reader))];
        for (int i = index + 1; i < steps.Max(); i++)
        {
            if (!steps.Contains(i) && !isView(i) && fusions?.IsAbsorbed(i) != true) return 0;
        }

        return shared;
    }
}
