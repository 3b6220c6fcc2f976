namespace AutoGlm.Cuda;

/// <summary>Names of what the CUDA plan does after the graph's passes, each of which <see cref="CudaOptions.Without"/> leaves out.</summary>
public static class CudaPasses
{
    /// <summary>Steps of few rows are replayed as CUDA graphs: <see cref="CudaOptions.CaptureGraphs"/>.</summary>
    public const string Graphs = "cuda-graphs";

    /// <summary>Graphs for different lengths of context: <see cref="CudaOptions.FitGraphs"/>.</summary>
    public const string FittedGraphs = "cuda-fitted-graphs";

    /// <summary>Head norms, rotation and KV write in one kernel: <see cref="CudaOptions.FuseHeads"/>.</summary>
    public const string Heads = "cuda-fused-heads";

    /// <summary>SwiGLU in the product before it: <see cref="CudaOptions.FuseGates"/>.</summary>
    public const string Gates = "cuda-fused-gates";

    /// <summary>RMSNorm in the products that read one row: <see cref="CudaOptions.FuseNorms"/>.</summary>
    public const string Norms = "cuda-fused-norms";

    /// <summary>Results of many rows in the form that the next product reads: <see cref="CudaOptions.HandOver"/>.</summary>
    public const string Handovers = "cuda-handovers";

    /// <summary>Tokens are chosen on the card, and the next step is under way before they are read.</summary>
    public const string ChosenTokens = "cuda-chosen-tokens";

    public static IReadOnlyList<string> All { get; } = [Graphs, FittedGraphs, Heads, Gates, Norms, Handovers, ChosenTokens];
}
