using AutoGlm.Cuda.Plan;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Graph.Passes;
using AutoGlm.Graph.Tests;

namespace AutoGlm.Cuda.Tests.Plan;

public class HandoversTests
{
    private const int Graphs = 200;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Norms_attention_and_gates_of_a_decoder_are_handed_on(bool gates)
    {
        ComputationGraph graph = GraphOptimizer.Optimize(WideDecoder.Make(TensorType.Q8_0).Graph);
        Fusions fusions = new(graph, true, _ => gates, _ => false);

        IReadOnlyDictionary<int, Handover> found = Find(graph, fusions);

        Assert.Equal(2 * WideDecoder.Layers + 1, found.Keys.Count(value => graph.Nodes[value] is RmsNorm));
        // Of the last attention only the rows that want logits are read.
        Assert.Equal(WideDecoder.Layers - 1, found.Keys.Count(value => graph.Nodes[value] is Attention));
        Assert.Equal(WideDecoder.Layers, found.Keys.Count(value => graph.Nodes[value] is Gated));
        Assert.All(found, item => Assert.Equal(gates && graph.Nodes[item.Key] is Gated ? 1 : 0, item.Value.Slot));
    }

    [Fact]
    public void Nothing_is_written_to_an_operand_that_is_still_to_be_read()
    {
        int all = 0;
        for (int seed = 0; seed < Graphs; seed++)
        {
            ComputationGraph graph = GraphOptimizer.Optimize(RandomGraph.Make(seed, seed % 2 == 0 ? TensorType.Q8_0 : null).Graph);
            Fusions fusions = new(graph, true, _ => true, _ => false);
            IReadOnlyDictionary<int, Handover> found = Find(graph, fusions);
            all += found.Count;
            int[] slots = [-1, -1];
            for (int i = 0; i < graph.Nodes.Count; i++)
            {
                if (fusions.IsAbsorbed(i)) continue;
                MatMul? product = fusions.MatMulOf(i) ?? graph.Nodes[i] as MatMul;
                if (product is not null && found.TryGetValue(product.X.Index, out Handover? read)) Assert.Equal(product.X.Index, slots[read.Slot]);
                else if (product is not null) slots[0] = product.X.Index;
                if (!found.TryGetValue(i, out Handover? made)) continue;
                if (product is not null) Assert.NotEqual(found.GetValueOrDefault(product.X.Index)?.Slot ?? 0, made.Slot);
                slots[made.Slot] = i;
            }
        }

        Assert.NotEqual(0, all);
    }

    private static IReadOnlyDictionary<int, Handover> Find(ComputationGraph graph, Fusions fusions) =>
        new Handovers(graph, fusions, node => graph.Nodes[node].View is not null, _ => true, _ => 2).Find();
}
