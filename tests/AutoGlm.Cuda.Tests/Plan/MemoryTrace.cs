using AutoGlm.Cuda.Plan;
using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Graph.Passes;

namespace AutoGlm.Cuda.Tests.Plan;

/// <summary>Which node wrote each column of each buffer last, as a plan goes on.</summary>
internal sealed class MemoryTrace(ComputationGraph graph, Fusions fusions)
{
    private readonly MemoryPlan _memory = MemoryPlan.For(graph);
    private readonly Dictionary<int, int[]> _writers = [];

    /// <summary>A read, by a node, of what another node has written over; null where there is none.</summary>
    public string? FirstLostRead()
    {
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            if (fusions.IsAbsorbed(i) || IsView(i)) continue;
            foreach (Value read in Reads(i))
            {
                if (!IsThere(read)) return $"%{i} {graph.Nodes[i].Operation} reads %{read.Index}, which is gone";
            }

            if (fusions.TransformOf(i) is { } transform) Write(new Value(transform.Query));
            Write(new Value(i));
        }

        return null;
    }

    private IEnumerable<Value> Reads(int node)
    {
        if (fusions.TransformOf(node) is { } transform) return [transform.RawQuery, transform.RawKey, ((Attention)graph.Nodes[node]).V!.Value];
        if (fusions.MatMulOf(node) is { } gated) return [fusions.NormOf(gated.X)?.X ?? gated.X];
        return graph.Nodes[node].Inputs.Select(input => graph.Nodes[node] is MatMul && fusions.NormOf(input) is { } norm ? norm.X : input);
    }

    private bool IsView(int node) =>
        graph.Nodes[node].View is { } view && _memory[new Value(node)].Buffer == _memory[view.Of].Buffer && _memory[new Value(node)].Column == _memory[view.Of].Column + view.Column;

    private bool IsThere(Value value)
    {
        Value written = value;
        while (IsView(written.Index)) written = graph[written].View!.Value.Of;
        Placement place = _memory[value];
        return _writers.TryGetValue(place.Buffer, out int[]? writers) && writers.Length == place.RowWidth
            && writers.AsSpan(place.Column, graph[value].Width).IndexOfAnyExcept(written.Index) < 0;
    }

    private void Write(Value value)
    {
        Placement place = _memory[value];
        if (!_writers.TryGetValue(place.Buffer, out int[]? writers) || writers.Length != place.RowWidth)
        {
            _writers[place.Buffer] = writers = new int[place.RowWidth];
            writers.AsSpan().Fill(-1);
        }

        writers.AsSpan(place.Column, graph[value].Width).Fill(value.Index);
    }
}
