using AutoGlm.Cuda.Plan;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Graph.Passes;
using AutoGlm.Graph.Tests;

namespace AutoGlm.Cuda.Tests.Plan;

public class FusionsTests
{
    private const int Graphs = 60;

    private static IEnumerable<ComputationGraph> Optimized => Enumerable.Range(0, Graphs).Select(seed => GraphOptimizer.Optimize(RandomGraph.Make(seed, TensorType.Q8_0).Graph));

    [Fact]
    public void What_is_absorbed_is_done_by_a_node_that_stays()
    {
        foreach (ComputationGraph graph in Optimized)
        {
            Fusions fusions = new(graph, true, _ => true, _ => true);
            HashSet<int> done = [];
            for (int i = 0; i < graph.Nodes.Count; i++)
            {
                if (fusions.MatMulOf(i) is { } matMul) done.UnionWith([.. graph.Nodes[i].Inputs.Select(input => input.Index), graph.Nodes[i].Inputs.Select(input => graph[input].Inputs[0].Index).First()]);
                if (graph.Nodes[i] is MatMul reader && fusions.NormOf(reader.X) is not null) done.Add(reader.X.Index);
                if (fusions.TransformOf(i) is not { } transform) continue;
                done.UnionWith([transform.Query, transform.Key]);
                if (transform.QueryNorm is not null) done.Add(((Rope)graph.Nodes[transform.Query]).X.Index);
                if (transform.KeyNorm is not null) done.Add(((Rope)graph.Nodes[transform.Key]).X.Index);
            }

            Assert.Equal(done.Order(), Enumerable.Range(0, graph.Nodes.Count).Where(fusions.IsAbsorbed));
            Assert.False(fusions.IsAbsorbed(graph.Output.Index));
        }
    }

    [Fact]
    public void All_kinds_of_fusion_occur()
    {
        List<(ComputationGraph Graph, Fusions Fusions)> all = [.. Optimized.Select(graph => (graph, new Fusions(graph, true, _ => true, _ => true)))];

        Assert.Contains(all, item => item.Fusions.GatedWeights.Any());
        Assert.Contains(all, item => item.Graph.Nodes.OfType<MatMul>().Any(matMul => item.Fusions.NormOf(matMul.X) is not null));
        Assert.Contains(all, item => Enumerable.Range(0, item.Graph.Nodes.Count).Any(node => item.Fusions.TransformOf(node) is { QueryNorm: not null }));
        Assert.Contains(all, item => Enumerable.Range(0, item.Graph.Nodes.Count).Any(node => item.Fusions.TransformOf(node) is { QueryNorm: null }));
    }

    [Fact]
    public void Weights_that_are_not_packed_stay_as_they_are()
    {
        foreach (ComputationGraph graph in Optimized)
        {
            Fusions fusions = new(graph, true, _ => false, _ => false);
            Assert.Empty(fusions.GatedWeights);
            Assert.DoesNotContain(graph.Nodes.OfType<MatMul>(), matMul => fusions.NormOf(matMul.X) is not null);
        }
    }
}
