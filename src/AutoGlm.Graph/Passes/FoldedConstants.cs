using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph.Passes;

/// <summary>
/// Leaves out what constants make needless: a factor of 1, a factor after a factor, columns of columns, columns that are all
/// there are. Only where every number stays the same to the last bit: two factors become one if one of them is a power of
/// two, since that product does not round (near the ends of the float range aside).
/// </summary>
public static class FoldedConstants
{
    public static ComputationGraph Fold(ComputationGraph graph)
    {
        GraphRewriter rewriter = new(graph);
        List<Node> folded = [];
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            switch (Simplify(graph.Nodes[i].Rewire(rewriter.Map), folded))
            {
                case (null, { } same): rewriter.Replace(i, same); break;
                case ({ } node, _):
                    folded.Add(node);
                    rewriter.Replace(i, rewriter.Append(node));
                    break;
            }
        }

        return rewriter.Finish();
    }

    /// <summary>A node that does the same with less, or the value that is its result already.</summary>
    private static (Node? Node, Value? Same) Simplify(Node node, List<Node> nodes) => node switch
    {
        Scale { Factor: 1 } scale => (null, scale.X),
        Scale outer when nodes[outer.X.Index] is Scale inner && (IsPowerOfTwo(outer.Factor) || IsPowerOfTwo(inner.Factor)) =>
            Simplify(outer with { X = inner.X, Factor = outer.Factor * inner.Factor }, nodes),
        Slice slice when slice.Width == nodes[slice.X.Index].Width => (null, slice.X),
        Slice { Groups: 1 } outer when nodes[outer.X.Index] is Slice { Groups: 1 } inner =>
            (outer with { X = inner.X, Offset = outer.Offset + inner.Offset }, null),
        _ => (node, null),
    };

    private static bool IsPowerOfTwo(float factor) =>
        float.IsNormal(factor) && (BitConverter.SingleToUInt32Bits(factor) & 0x7FFFFF) == 0 && Math.Abs(Math.ILogB(factor)) < 32;
}
