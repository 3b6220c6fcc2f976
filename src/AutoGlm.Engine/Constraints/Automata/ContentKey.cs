namespace AutoGlm.Engine.Constraints.Automata;

/// <summary>Numbers compared by value: what things are shared by.</summary>
internal readonly struct ContentKey(int[] values) : IEquatable<ContentKey>
{
    private readonly int[] _values = values;
    private readonly int _hash = Hash(values);

    public bool Equals(ContentKey other) => _values.AsSpan().SequenceEqual(other._values);

    public override bool Equals(object? obj) => obj is ContentKey other && Equals(other);

    public override int GetHashCode() => _hash;

    private static int Hash(int[] values)
    {
        HashCode hash = default;
        hash.AddBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes<int>(values));
        return hash.ToHashCode();
    }
}
