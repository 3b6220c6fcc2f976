namespace AutoGlm.Cuda.Linear;

/// <summary>
/// Which weights are read after which: steps of a plan repeat, so what followed before follows again. A kernel that has asked
/// for all of its own weights begins to bring the following ones into the L2 cache; being wrong costs little.
/// </summary>
internal sealed class FollowingWeights
{
    /// <summary>As much as memory delivers between two products' kernels, and as leaves the cache room for activations.</summary>
    private static readonly long MostBytes = long.Parse(Environment.GetEnvironmentVariable("AUTOGLM_PF") ?? "8", System.Globalization.CultureInfo.InvariantCulture) << 20;

    private readonly Dictionary<PackedMatrix, PackedMatrix> _after = new(ReferenceEqualityComparer.Instance);
    private PackedMatrix? _last;

    /// <summary>Notes that weights are read now; returns those that followed them before, or none.</summary>
    public (nint Address, long Bytes) After(PackedMatrix weights)
    {
        if (_last is not null) _after[_last] = weights;
        _last = weights;
        // Address 0: they have been given up since.
        return _after.TryGetValue(weights, out PackedMatrix? next) && next.Address() != 0 ? (next.Address(), Math.Min(next.MatrixBytes, MostBytes)) : default;
    }
}
