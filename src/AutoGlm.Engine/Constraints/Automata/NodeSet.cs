namespace AutoGlm.Engine.Constraints.Automata;

/// <summary>Nodes of one rule that a text may be at together: a state of the determinised automaton. One object for each set.</summary>
internal sealed class NodeSet(int id, int[] nodes)
{
    public int Id { get; } = id;

    /// <summary>Rising.</summary>
    public int[] Nodes { get; } = nodes;

    /// <summary>True where the rule may end here.</summary>
    public bool IsEnd { get; init; }

    /// <summary>True where the rule can only end here.</summary>
    public bool IsOnlyEnd { get; init; }

    /// <summary>Rules called from here, each with the set to come back to; null where they are not known yet.</summary>
    public (int Rule, NodeSet Return)[]? Calls { get; set; }

    /// <summary>Counted loops that begin here.</summary>
    public CountedLoop[] Loops { get; init; } = [];

    /// <summary>By class of bytes: the next set; null where it is not known yet.</summary>
    public NodeSet?[] Next { get; set; } = [];
}
