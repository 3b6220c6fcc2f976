namespace AutoGlm.Engine.Constraints.Automata;

/// <summary>A place of the automaton.</summary>
internal sealed class Node
{
    /// <summary>By bytes Low to High to Target.</summary>
    public List<(byte Low, byte High, int Target)> Edges { get; } = [];

    /// <summary>Without a byte.</summary>
    public List<int> Free { get; } = [];

    /// <summary>Through a rule to Target.</summary>
    public List<(int Rule, int Target)> Calls { get; } = [];

    /// <summary>The counted repetition that begins here; null for none.</summary>
    public CountedLoop? Loop { get; set; }

    /// <summary>True at a rule's end.</summary>
    public bool IsEnd { get; set; }
}

/// <summary>Between <paramref name="Least"/> and <paramref name="Most"/> (null: any number of) passes of a rule, then on to a node.</summary>
internal sealed record CountedLoop(int Index, int Rule, int Least, int? Most, int Exit);
