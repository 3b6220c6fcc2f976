namespace AutoGlm.Cuda;

/// <summary>How the CUDA backend is set up.</summary>
public sealed record CudaOptions
{
    /// <summary>The card, counted over those that are visible from 0.</summary>
    public int Device { get; init; }

    /// <summary>True to run by definition instead of fast: plain kernels on float32 weights (for checking).</summary>
    public bool Reference { get; init; }

    /// <summary>True to replay steps of few rows as CUDA graphs.</summary>
    public bool CaptureGraphs { get; init; } = true;

    /// <summary>True to let the kernel that stores keys and values norm and rotate heads too. Off: one random graph of the tests comes out wrong with it.</summary>
    public bool FuseHeads { get; init; }

    /// <summary>True to let products norm what they read and gate what they make. Slower than apart for 2 to 8 rows, no faster for one, and less exact, so that it is off.</summary>
    public bool FuseProducts { get; init; }

    /// <summary>Folder for the machine code that the driver makes of the kernels; null for the user's cache folder.</summary>
    public string? CacheFolder { get; init; }
}
