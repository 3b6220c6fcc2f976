namespace AutoGlm.Cuda.Reference;

/// <summary>RowsArgs of reference.cu.</summary>
internal struct RowsArgs
{
    public nint A, B, Y, Ids;
    public long AStride, BStride, YStride;
    public int Rows, Width, Kind, Groups, AOffset, YOffset, AGroup, YGroup;
    public float P, R;
}

/// <summary>ReferenceRopeArgs of reference.cu.</summary>
internal struct ReferenceRopeArgs
{
    public nint X, Y, Frequencies, Positions;
    public long XStride, YStride;
    public int Width, HeadSize, Pairs, Interleaved;
    public float Magnitude;
}

/// <summary>ReferenceMatMulArgs of reference.cu.</summary>
internal struct ReferenceMatMulArgs
{
    public nint W, X, Bias, Addend, Routing, Y;
    public long XStride, AddendStride, YStride;
    public int Outputs, Inputs, Slots, XSlot;
    public long RoutingStride;
}

/// <summary>ReferenceKvArgs of reference.cu.</summary>
internal struct ReferenceKvArgs
{
    public nint K, V, Y, Kv, Positions, RowTables, Tables, Sinks;
    public long KStride, VStride, YStride, BlockBytes, KeyOffset, ValueOffset;
    public int Heads, KvHeads, KeySize, ValueSize, ValueStride, BlockTokens, Half, Window;
    public float Scale, SoftCap;
}

/// <summary>ReferenceRouteArgs of reference.cu.</summary>
internal struct ReferenceRouteArgs
{
    public nint X, Bias, Y;
    public long XStride, YStride;
    public int Experts, Used, Gating, Groups, GroupsUsed, Normalize;
    public float Scale;
}
