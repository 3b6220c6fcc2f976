namespace AutoGlm.Graph.Execution;

/// <summary>How keys and values are stored.</summary>
public enum KvType
{
    /// <summary>32-bit floats.</summary>
    F32,

    /// <summary>16-bit floats (IEEE 754 binary16).</summary>
    F16,

    /// <summary>Signed bytes of -127 to 127 with a 16-bit float for each <see cref="KvLayout.GroupLength"/>: 8.5 bits a number.</summary>
    Q8_0,
}
