using System.Text.Json.Nodes;
using static AutoGlm.Graph.Tests.Graphs;

namespace AutoGlm.Graph.Tests;

public class GraphFormatterTests
{
    private static readonly ComputationGraph Graph = Of(Embed(), Norm(0), Select(1), MatMul(2, Head, RowSpace.Logits));

    [Fact]
    public void Text_has_a_line_a_node_and_the_totals()
    {
        string[] lines = GraphFormatter.ToText(Graph).TrimEnd().Split(Environment.NewLine);

        Assert.Equal(7, lines.Length);
        Assert.Matches(@"^%3 +MatMul head +\[logits, 10\] +%2$", lines[3]);
        Assert.Equal("return %3", lines[4]);
        Assert.Equal("4 nodes: 1 Embed, 1 MatMul, 1 RmsNorm, 1 SelectRows", lines[5]);
    }

    [Fact]
    public void Mermaid_has_an_arrow_an_input()
    {
        string text = GraphFormatter.ToMermaid(Graph);

        Assert.StartsWith("flowchart TD\n", text);
        Assert.Contains("  n2 --> n3\n", text);
        Assert.Equal(3, text.Split("-->").Length - 1);
    }

    [Fact]
    public void Json_is_sound_and_whole()
    {
        JsonNode json = JsonNode.Parse(GraphFormatter.ToJson(Graph))!;

        Assert.Equal(4, json["nodes"]!.AsArray().Count);
        Assert.Equal("head", (string?)json["nodes"]![3]!["weights"]![0]!["name"]);
        Assert.Equal(1, (int)json["operations"]!["MatMul"]!);
    }
}
