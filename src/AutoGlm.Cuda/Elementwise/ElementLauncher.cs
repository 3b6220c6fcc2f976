using AutoGlm.Cuda.Modules;

namespace AutoGlm.Cuda.Elementwise;

/// <summary>ElementArgs of elementwise.cu.</summary>
internal struct ElementArgs
{
    public nint A, B, Y;
    public int AStride, BStride, YStride, Width;

    /// <summary>A function's constants: scale's factor, the cap, or alpha and limit of the clamped SwiGLU.</summary>
    public float P, R;
}

/// <summary>CopyArgs of elementwise.cu.</summary>
internal struct CopyArgs
{
    public nint X, Y;

    /// <summary>int [rows]: the row of x for each row of y; 0 for the same.</summary>
    public nint Rows;
    public int XStride, YStride, Groups, XGroup, YGroup, XOffset, YOffset, Width;
}

/// <summary>Functions of elements, and copies of columns and rows.</summary>
internal sealed class ElementLauncher(KernelLibrary kernels)
{
    private const int Threads = 256, ColumnsOfThread = 4;

    private readonly CudaFunction _copy = kernels.Get("copy_columns");

    /// <summary>The kernel of a function: add, multiply, scale, soft_cap, silu, gelu_tanh, gelu, silu_gated, gelu_tanh_gated, gelu_gated, clamped_swiglu.</summary>
    /// <remarks>Gated functions have every output, the others <see cref="ActivationOutput.Single"/>.</remarks>
    public CudaFunction Function(string name, ActivationOutput output = ActivationOutput.Single) => kernels.Get($"{name}_{output.Suffix()}");

    public static void Elements(CudaStream stream, CudaFunction function, in ElementArgs args, int rows, bool overlap = false) =>
        function.Launch(stream, new Grid(Grid.Cover(args.Width, Threads * ColumnsOfThread), rows), Threads, 0, args, overlap);

    public void Copy(CudaStream stream, in CopyArgs args, int rows, bool overlap = false) =>
        _copy.Launch(stream, new Grid(Grid.Cover((long)args.Groups * args.Width, Threads), rows), Threads, 0, args, overlap);
}
