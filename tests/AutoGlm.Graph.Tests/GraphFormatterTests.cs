using System.Text.Json;
using AutoGlm.Graph.Nodes;
using AutoGlm.Graph.Passes;

namespace AutoGlm.Graph.Tests;

public class GraphFormatterTests
{
    private readonly ComputationGraph _graph;

    public GraphFormatterTests()
    {
        GraphBuilder b = new();
        Value x = b.Embed("e", 10, 8);
        Value gate = b.MatMul(x, "gate", 16), up = b.MatMul(x, "up", 16);
        x = b.Add(x, b.MatMul(b.Multiply(b.Activate(gate), up), "down", 8));
        _graph = b.Finish(b.Scale(b.Select(x), 0.25f));
    }

    [Fact]
    public void Text_lists_nodes_and_totals()
    {
        string[] lines = GraphFormatter.ToText(_graph).ReplaceLineEndings("\n").Split('\n');

        Assert.Equal("%1     MatMul gate                              [tokens, 16]     %0", lines[1]);
        Assert.Equal("%8     Scale by 0.25                            [logits, 8]      %7", lines[8]);
        Assert.Equal("return %8", lines[9]);
        Assert.Equal("9 nodes: 1 Activate, 1 Add, 1 Embed, 3 MatMul, 1 Multiply, 1 Scale, 1 SelectRows", lines[10]);
        Assert.Equal("activations: 192 bytes a row in 4 buffers (416 without reuse)", lines[11]);
    }

    [Fact]
    public void Trace_tells_what_each_pass_did()
    {
        string text = GraphFormatter.ToText(GraphOptimizer.Trace(_graph), 512).ReplaceLineEndings("\n");

        Assert.Contains("  merge-projections          9 ->    10 nodes  -1 MatMul, +2 Slice\n", text);
        Assert.Contains("  gated-activations         10 ->     9 nodes  -1 Activate, +1 Gated, -1 Multiply\n", text);
        Assert.Contains("  fold-constants            10 ->    10 nodes  no change\n", text);
        Assert.Contains("peak activations of 512 rows: 0.2 MiB with a buffer for each value, 0.1 MiB with buffers reused, 0.1 MiB after the passes\n", text);
    }

    [Fact]
    public void Mermaid_has_a_box_for_each_node_and_an_arrow_for_each_input()
    {
        string[] lines = GraphFormatter.ToMermaid(_graph).TrimEnd('\n').Split('\n');

        Assert.Equal("flowchart TD", lines[0]);
        Assert.Equal("  n1[\"MatMul gate<br/>[tokens, 16]\"]", lines[2]);
        Assert.Equal("  n0 --> n1", lines[3]);
        Assert.Equal(1 + _graph.Nodes.Count + _graph.Nodes.Sum(node => node.Inputs.Count), lines.Length);
    }

    [Fact]
    public void Json_has_nodes_and_totals()
    {
        JsonElement json = JsonDocument.Parse(GraphFormatter.ToJson(_graph)).RootElement, node = json.GetProperty("nodes")[1];

        Assert.Equal("MatMul", node.GetProperty("operation").GetString());
        Assert.Equal("tokens", node.GetProperty("rows").GetString());
        Assert.Equal(16, node.GetProperty("width").GetInt32());
        Assert.Equal("gate", node.GetProperty("weights")[0].GetProperty("name").GetString());
        Assert.Equal([16L, 8L], node.GetProperty("weights")[0].GetProperty("shape").EnumerateArray().Select(item => item.GetInt64()));
        Assert.Equal(8, json.GetProperty("output").GetInt32());
        Assert.Equal(3, json.GetProperty("operations").GetProperty("MatMul").GetInt32());
        Assert.Equal(192, json.GetProperty("activation_bytes_per_row").GetInt64());
    }

    [Fact]
    public void Json_of_a_trace_tells_what_each_pass_did()
    {
        OptimizationTrace trace = GraphOptimizer.Trace(_graph);
        JsonElement json = JsonDocument.Parse(GraphFormatter.ToJson(trace)).RootElement;

        Assert.Equal(trace.Graph.Nodes.Count, json.GetProperty("nodes").GetArrayLength());
        Assert.Equal(9, json.GetProperty("before_passes").GetProperty("nodes").GetInt32());
        Assert.Equal(192, json.GetProperty("before_passes").GetProperty("activation_bytes_per_row").GetInt64());
        Assert.Equal(GraphOptimizer.Passes.Select(pass => pass.Name), json.GetProperty("passes").EnumerateArray().Select(pass => pass.GetProperty("name").GetString()!));
        JsonElement merge = json.GetProperty("passes").EnumerateArray().Single(pass => pass.GetProperty("name").GetString() == "merge-projections");
        Assert.Equal(10, merge.GetProperty("nodes").GetInt32());
        Assert.Equal((-1, 2), (merge.GetProperty("changes").GetProperty("MatMul").GetInt32(), merge.GetProperty("changes").GetProperty("Slice").GetInt32()));
    }
}
