using System.Xml.Linq;
using AutoGlm.Graph.Drawing;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph.Tests;

public class SvgDrawingTests
{
    [Fact]
    public void Layers_that_are_alike_are_drawn_once()
    {
        GraphBuilder b = new();
        Value x = b.Embed("e", 10, 8);
        for (int i = 0; i < 4; i++) x = b.Add(x, b.MatMul(b.Attention(x, x, x, 1, 1), $"blk.{i}.o.weight", 8));
        ComputationGraph graph = b.Finish(b.Select(x));

        XElement svg = XDocument.Parse(SvgDrawing.Draw(graph, ["a <title>"])).Root!;

        Assert.Equal([new Repeat(1, 3, 4)], LayerRepeats.Find(graph));
        Assert.Equal(5, Count("node"));
        Assert.Equal(5, Count("edge"));
        Assert.Equal(1, Count("repeat"));
        Assert.Contains("× 4", svg.Value);
        Assert.Contains("a <title>", svg.Value);

        int Count(string kind) => svg.Descendants().Count(element => (string?)element.Attribute("class") == kind);
    }
}
