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

    /// <summary>True to have graphs for different lengths of context, with no more of attention's blocks than those need.</summary>
    public bool FitGraphs { get; init; } = true;

    /// <summary>True to let the kernel that stores keys and values norm and rotate heads too.</summary>
    public bool FuseHeads { get; init; } = true;

    /// <summary>True to let the product that makes gate and up make SwiGLU of them.</summary>
    public bool FuseGates { get; init; } = true;

    /// <summary>True to let products of one row norm it; of more rows, a kernel before them does, which is faster.</summary>
    public bool FuseNorms { get; init; } = true;

    /// <summary>True to let norms, gates and attention leave many rows as the operand that the product after them reads.</summary>
    public bool HandOver { get; init; } = true;

    /// <summary>Folder for the machine code that the driver makes of the kernels; null for the user's cache folder.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>These options without some of <see cref="CudaPasses"/>.</summary>
    /// <exception cref="ArgumentException">A name is no pass.</exception>
    public CudaOptions Without(IReadOnlyCollection<string> passes)
    {
        foreach (string name in passes)
        {
            if (!CudaPasses.All.Contains(name)) throw new ArgumentException($"There is no CUDA plan pass '{name}'; there are {string.Join(", ", CudaPasses.All)}.", nameof(passes));
        }

        bool Keeps(string name, bool now) => now && !passes.Contains(name);
        return this with
        {
            CaptureGraphs = Keeps(CudaPasses.Graphs, CaptureGraphs),
            FitGraphs = Keeps(CudaPasses.FittedGraphs, FitGraphs),
            FuseHeads = Keeps(CudaPasses.Heads, FuseHeads),
            FuseGates = Keeps(CudaPasses.Gates, FuseGates),
            FuseNorms = Keeps(CudaPasses.Norms, FuseNorms),
            HandOver = Keeps(CudaPasses.Handovers, HandOver),
        };
    }
}
