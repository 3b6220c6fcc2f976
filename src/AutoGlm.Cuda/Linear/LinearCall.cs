namespace AutoGlm.Cuda.Linear;

/// <summary>A product y = x Wᵀ + bias + addend. Rows are of floats; address 0 stands for no bias, no addend.</summary>
/// <param name="Weights">W; where they are gated, y = silu(x Gateᵀ) (x Upᵀ).</param>
/// <param name="X">[rows, inputs].</param>
/// <param name="XStride">Floats from row to row of x.</param>
/// <param name="Rows">Rows of x and y.</param>
/// <param name="Y">[rows, outputs].</param>
/// <param name="YStride">Floats from row to row of y.</param>
/// <param name="Bias">[outputs]; none where the weights are gated.</param>
/// <param name="Addend">[rows, outputs]; may be y.</param>
/// <param name="AddendStride">Floats from row to row of the addend.</param>
/// <param name="Matrix">Which of the weights' matrices.</param>
/// <param name="Gain">[inputs]: x is normed first, x gain / sqrt(mean(x²) + epsilon); only where <see cref="LinearKernels.ReadsFloats"/> and the weights are packed.</param>
/// <param name="Epsilon">See <paramref name="Gain"/>.</param>
internal readonly record struct LinearCall(
    PackedMatrix Weights,
    nint X,
    long XStride,
    int Rows,
    nint Y,
    long YStride,
    nint Bias = 0,
    nint Addend = 0,
    long AddendStride = 0,
    int Matrix = 0,
    nint Gain = 0,
    float Epsilon = 0);
