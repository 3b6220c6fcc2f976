using AutoGlm.Cuda.Modules;

namespace AutoGlm.Cuda.Elementwise;

/// <summary>RouterArgs of routing.cu.</summary>
internal struct RouterArgs
{
    public nint Logits, Bias, Y;

    /// <summary>The gating is <see cref="Graph.Nodes.RouterGating"/>'s number.</summary>
    public int LogitsStride, YStride, Rows, Experts, Used, Gating, Groups, GroupsUsed, Normalize;
    public float Scale;
}

/// <summary>ExpertSumArgs of routing.cu.</summary>
internal struct ExpertSumArgs
{
    public nint X, Routing, Addend, Y;
    public int XStride, RoutingStride, AddendStride, YStride, Used, Width;
}

/// <summary>Chooses experts, and sums what they give.</summary>
internal sealed class RouterLauncher(CudaDevice device, KernelLibrary kernels)
{
    // A warp routes a row, in shared memory of its own.
    private const int Warps = 4;

    private readonly CudaFunction _route = kernels.Get("route");
    private readonly CudaFunction _sum = kernels.Get("expert_sum");

    public void Route(CudaStream stream, in RouterArgs args, bool overlap = false) =>
        _route.Launch(stream, new Grid(Grid.Cover(args.Rows, Warps)), Warps * 32, Warps * (2 * args.Experts + args.Groups) * sizeof(float), args, overlap);

    public void Sum(CudaStream stream, in ExpertSumArgs args, int rows, bool overlap = false)
    {
        int threads = FlatBlocks.Threads(device.Tuning, _sum, args.Width);
        _sum.Launch(stream, new Grid(Grid.Cover(args.Width, threads), rows), threads, 0, args, overlap);
    }
}
