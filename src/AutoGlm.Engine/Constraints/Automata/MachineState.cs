namespace AutoGlm.Engine.Constraints.Automata;

/// <summary>A set of nodes with the stack below it.</summary>
internal readonly record struct Configuration(NodeSet Set, Frame Frame);

/// <summary>A loop about to begin its next pass: <paramref name="Passes"/> are over.</summary>
internal readonly record struct Resumption(CountedLoop Loop, int Passes, Frame Frame);

/// <summary>All that a text may be at after some bytes. One object for each content. Immutable but for what is remembered.</summary>
internal sealed class MachineState
{
    /// <summary>Where a byte, or the end of a rule after it, led: the places that masks are computed from.</summary>
    public required Configuration[] Kernel { get; init; }

    /// <summary>Loops that may go on.</summary>
    public required Resumption[] Resumptions { get; init; }

    /// <summary>The kernel, and the rules that it calls.</summary>
    public required Configuration[] All { get; init; }

    /// <summary>True where the text may end here.</summary>
    public required bool IsAccepting { get; init; }

    /// <summary>By class of bytes: the next state, <see cref="Dead"/>, or null where it is not known yet.</summary>
    public MachineState?[] Next { get; set; } = [];

    /// <summary>No text goes on from here, and none ends.</summary>
    public static MachineState Dead { get; } = new() { Kernel = [], Resumptions = [], All = [], IsAccepting = false };
}
