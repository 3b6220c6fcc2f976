using AutoGlm.Cuda.Modules;

namespace AutoGlm.Cuda.Elementwise;

/// <summary>RmsNormArgs of norm.cu.</summary>
internal struct RmsNormArgs
{
    /// <summary>The rows; added to them first, or 0; where the sum is kept, or 0.</summary>
    public nint X, Addend, Sum;
    public nint Gain, Y;
    public int XStride, AddendStride, SumStride, YStride, Width;
    public float Epsilon;
}

/// <summary>RmsNormGroupsArgs of norm.cu.</summary>
internal struct RmsNormGroupsArgs
{
    public nint X, Gain, Y;
    public int XStride, YStride, Groups, Size, Count;
    public float Epsilon;
}

/// <summary>RMSNorm of rows, with the residual added first, and of heads.</summary>
internal sealed class NormLauncher(CudaDevice device, KernelLibrary kernels)
{
    // A warp norms a group by itself.
    private const int GroupThreads = 128;

    private readonly CudaFunction[] _rows = [.. Enum.GetValues<ActivationOutput>().Select(output => kernels.Get("rms_norm_" + output.Suffix()))];
    private readonly CudaFunction _groups = kernels.Get("rms_norm_groups");

    /// <summary>True where rows can be read four columns at a time.</summary>
    public static bool IsAligned(in RmsNormArgs args) =>
        (args.Width | args.XStride | args.AddendStride | args.SumStride) % 4 == 0 && (args.X | args.Addend | args.Sum | args.Gain | args.Y) % 16 == 0;

    /// <summary>Norms whole rows that are <see cref="IsAligned"/>. Few rows get wide blocks, many get blocks that fit together.</summary>
    public void Rows(CudaStream stream, in RmsNormArgs args, int rows, ActivationOutput output, bool overlap = false)
    {
        int most = rows >= 2 * device.Multiprocessors ? device.Tuning.NormThreadsOfMany : device.Tuning.NormThreads;
        int threads = FlatBlocks.Fit(most, args.Width / 4);
        _rows[(int)output].Launch(stream, new Grid(rows), threads, 0, args, overlap);
    }

    /// <summary>Norms each group of columns by itself; any sizes.</summary>
    public void Groups(CudaStream stream, RmsNormGroupsArgs args, int rows, bool overlap = false)
    {
        args.Count = checked(rows * args.Groups);
        _groups.Launch(stream, new Grid(Grid.Cover(args.Count, GroupThreads / 32)), GroupThreads, 0, args, overlap);
    }
}
