namespace AutoGlm.Engine.Constraints.Automata;

/// <summary>Where a called rule goes on when it ends: to a set of nodes, or to the next pass of a counted loop.</summary>
/// <param name="Return">The set; null for a loop.</param>
/// <param name="Loop">The loop; null for a set.</param>
/// <param name="Passes">Passes of the loop begun so far; no more than its least where it has no most.</param>
/// <param name="Parent">The caller's own frame.</param>
internal readonly record struct FrameEdge(NodeSet? Return, CountedLoop? Loop, int Passes, Frame Parent)
{
    /// <summary>Orders edges, so that equal frames have them in the same order.</summary>
    public (int, int, int) Key => (Return?.Id ?? ~Loop!.Index, Passes, Parent.Id);
}

/// <summary>
/// A call on the stack. Ambiguous texts have several callers for one call: a graph-structured stack (Tomita 1985), whose nodes are
/// shared by content. Immutable.
/// </summary>
internal sealed class Frame(int id, FrameEdge[] edges)
{
    public int Id { get; } = id;

    /// <summary>By rising key; none for the bottom.</summary>
    public FrameEdge[] Edges { get; } = edges;
}
