using AutoGlm.Formats.Tensors;

namespace AutoGlm.Bench.Kernels;

/// <summary>What <see cref="MatMulBenchmarks"/> measures.</summary>
/// <param name="Types">Weight types.</param>
/// <param name="Rows">Activation rows.</param>
/// <param name="Outputs">Rows of the weights.</param>
/// <param name="Columns">Columns of the weights.</param>
/// <param name="Threads">Threads that compute.</param>
/// <param name="Isa">Instruction set, or auto.</param>
internal sealed record KernelOptions(TensorType[] Types, int[] Rows, int Outputs, int Columns, int Threads, string Isa)
{
    /// <summary>The options of this process: benchmark classes are made by their runner, which passes nothing on.</summary>
    public static KernelOptions Current { get; set; } = new([], [], 0, 0, 1, "auto");
}
