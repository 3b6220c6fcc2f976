namespace AutoGlm.Engine.Constraints.Automata;

/// <summary>Bounds on what a grammar may cost, so that a hostile one is refused and never hangs or fills memory.</summary>
internal static class GrammarLimits
{
    /// <summary>UTF-16 units of a grammar's, pattern's or schema's text.</summary>
    public const int SourceLength = 1 << 20;

    /// <summary>How deep expressions and schemas nest.</summary>
    public const int Depth = 200;

    /// <summary>Nodes of the automaton.</summary>
    public const int Nodes = 1 << 18;

    /// <summary>Places where a rule or a counted repetition is called.</summary>
    public const int Calls = 1 << 16;

    /// <summary>Copies of a repeated item that are written out; more are counted.</summary>
    public const int WrittenOut = 64;

    /// <summary>Nodes of a rule that is written out at its places.</summary>
    public const int InlineSize = 48;

    /// <summary>Set elements looked at for one mask or one token.</summary>
    public const long Work = 40_000_000;

    /// <summary>Places of the automaton that a text may be at, at one time.</summary>
    public const int Configurations = 4096;

    /// <summary>States kept for reuse by one grammar.</summary>
    public const int KeptStates = 1 << 15;

    /// <summary>Bytes of masks kept for reuse by one grammar.</summary>
    public const long KeptMaskBytes = 64 << 20;
}
