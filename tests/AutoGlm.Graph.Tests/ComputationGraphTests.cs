using AutoGlm.Formats.Tensors;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph.Tests;

public class ComputationGraphTests
{
    [Fact]
    public void Nodes_read_only_what_was_made_before()
    {
        Node embed = new Embed(new Weight("e", 10, 8)) { Width = 8 };

        ArgumentException self = Assert.Throws<ArgumentException>(() => new ComputationGraph("g", [embed, new Scale(new Value(1), 2) { Width = 8 }], new Value(0)));
        Assert.Contains("Node 1 (Scale)", self.Message);
        Assert.Throws<ArgumentException>(() => new ComputationGraph("g", [new Scale(new Value(1), 2) { Width = 8 }, embed], new Value(0)));
        Assert.Throws<ArgumentException>(() => new ComputationGraph("g", [embed, new Scale(new Value(-1), 2) { Width = 8 }], new Value(0)));
        Assert.Throws<ArgumentException>(() => new ComputationGraph("g", [embed], new Value(1)));
        Assert.Throws<ArgumentException>(() => new ComputationGraph("g", [], new Value(0)));
    }

    [Fact]
    public void Weights_are_listed_once_and_attentions_by_layer()
    {
        GraphBuilder b = new();
        Value x = b.Embed("e", 10, 8);
        Value second = b.Append(new Attention(x, x, x, Shape(1)) { Width = 8 }), first = b.Append(new Attention(x, x, x, Shape(0)) { Width = 8 });
        ComputationGraph graph = b.Finish(b.MatMul(b.Select(b.Add(first, second)), "e", 10));

        Assert.Equal(["e"], graph.Weights.Select(weight => weight.Name));
        Assert.Equal([0, 1], graph.Attentions.Select(node => node.Shape.Layer));
        Assert.Equal(2, graph.CountOperations()["Attention"]);
    }

    [Fact]
    public void Joined_weights_read_as_their_parts_rows()
    {
        GraphBuilder b = new();
        Weight a = b.Matrix("a", TensorType.Q8_0, 5, 64), c = b.Matrix("c", TensorType.Q8_0, 3, 64);
        Tensor joined = b.Get(Weight.Join([a, c], 0));

        Assert.Equal([8, 64], joined.Shape);
        Assert.Equal([.. b.Get("a").Decode(), .. b.Get("c").Decode()], joined.Decode());
        Assert.Equal([.. b.Get("a").Rows(3, 2), .. b.Get("c").Rows(0, 2)], joined.Rows(3, 4).ToArray());
        Assert.Equal(b.Get("c").Rows(1, 2).ToArray(), joined.Rows(6, 2).ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => joined.Rows(7, 2).Length);
    }

    [Fact]
    public void Weights_join_along_an_inner_dimension()
    {
        GraphBuilder b = new();
        Weight a = b.Matrix("a", TensorType.F32, 2, 3, 4), c = b.Matrix("c", TensorType.F32, 2, 1, 4), d = b.Matrix("d", TensorType.F32, 2, 4), e = b.Matrix("e", TensorType.F32, 2, 2);
        float[] first = b.Get("a").Decode(), second = b.Get("c").Decode(), third = b.Get("d").Decode(), fourth = b.Get("e").Decode();

        Assert.Equal([.. first[..12], .. second[..4], .. first[12..], .. second[4..]], b.Get(Weight.Join([a, c], 1)).Decode());
        Assert.Equal([.. third[..4], .. fourth[..2], .. third[4..], .. fourth[2..]], b.Get(Weight.Join([d, e], 1)).Decode());
    }

    [Fact]
    public void Weights_of_different_type_or_shape_do_not_join()
    {
        Weight a = new("a", 4, 32) { Type = TensorType.Q8_0 };

        Assert.Throws<ArgumentException>(() => Weight.Join([a, new Weight("b", 4, 32) { Type = TensorType.Q4_0 }], 0));
        Assert.Throws<ArgumentException>(() => Weight.Join([a, new Weight("b", 4, 64) { Type = TensorType.Q8_0 }], 0));
        Assert.Throws<ArgumentException>(() => Weight.Join([a, new Weight("b", 4) { Type = TensorType.Q8_0 }], 0));
    }

    private static AttentionShape Shape(int layer) => new() { Layer = layer, Heads = 1, KvHeads = 1, KeySize = 8, ValueSize = 8, Scale = 1 };
}
