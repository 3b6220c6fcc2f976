using AutoGlm.Cuda.Elementwise;
using AutoGlm.Cuda.Linear;
using AutoGlm.Cuda.Memory;
using AutoGlm.Cuda.Modules;

namespace AutoGlm.Cuda.Measuring;

/// <summary>Bytes a second that kernels which memory limits achieve, on the sizes of a model of 7.5 billion parameters.</summary>
internal sealed class KernelRates : IDisposable
{
    private const int Repetitions = 5, Outputs = 14336, Inputs = 4096, Rows = 8192;

    private readonly CudaDevice _device;
    private readonly KernelLibrary _kernels;
    private readonly CudaStream _stream = new();
    private readonly DeviceBuffer _floats;

    public KernelRates(CudaDevice device, KernelLibrary kernels)
    {
        _device = device;
        _kernels = kernels;
        _floats = new DeviceBuffer(device, 3 * RowBytes, "a measurement of kernels");
        _stream.Fill(_floats.Address, 0, _floats.Bytes);
    }

    private static long RowBytes => (long)Rows * Inputs * sizeof(float);

    /// <summary>Kernels and their rates, a plain read of memory first.</summary>
    public IEnumerable<(string Kernel, double BytesPerSecond)> Measure() => [(MemoryRead.Kernel, MemoryRead.Rate(_device, _stream, _kernels)), .. Products(), .. Rowwise()];

    public void Dispose()
    {
        _floats.Dispose();
        _stream.Dispose();
    }

    /// <summary>Products of one row by as many matrices as no cache holds.</summary>
    private IEnumerable<(string, double)> Products()
    {
        LinearKernels linear = new(_device, _kernels);
        using LinearWorkspace workspace = new(_device, _stream, 1, Inputs);
        foreach (PackedFormat format in PackedFormat.Types.Select(PackedFormat.Get).DistinctBy(format => format.Name))
        {
            long one = (long)Outputs * format.Units(Inputs) * format.UnitBytes / PackedFormat.TileRows;
            int matrices = (int)Math.Clamp(8L * _device.L2Bytes / one, 2, 64);
            using PackedMatrix weights = new(_device, format, matrices, Outputs, Inputs, gated: false, "a measurement of kernels");
            _stream.Fill(weights.Address(), 0, weights.Bytes);
            LinearCall call = new(weights, _floats.Address, Inputs, 1, _floats.Address + (nint)RowBytes, Outputs);
            double seconds = Seconds(() =>
            {
                for (int i = 0; i < matrices; i++) linear.MatMul(_stream, call with { Matrix = i }, workspace);
            });
            yield return ("gemv_" + format.Name, weights.Bytes / seconds);
        }
    }

    /// <summary>Kernels that read rows of floats and write such.</summary>
    private IEnumerable<(string, double)> Rowwise()
    {
        bool overlap = _device.ComputeCapability.Major >= 9;
        nint x = _floats.Address, b = x + (nint)RowBytes, y = b + (nint)RowBytes;
        RmsNormArgs norm = new() { X = x, XStride = Inputs, Gain = b, Y = y, YStride = Inputs, Width = Inputs, Epsilon = 1e-5f };
        NormLauncher norms = new(_device, _kernels);
        yield return ("rms_norm_f32", 2 * RowBytes / Seconds(() => norms.Rows(_stream, norm, Rows, ActivationOutput.Single, overlap)));
        ElementLauncher elements = new(_device, _kernels);
        ElementArgs args = new() { A = x, AStride = Inputs, B = b, BStride = Inputs, Y = y, YStride = Inputs, Width = Inputs };
        foreach (string name in new[] { "add", "multiply", "silu_gated" })
        {
            CudaFunction function = elements.Function(name);
            yield return (function.Name, 3 * RowBytes / Seconds(() => elements.Elements(_stream, function, args, Rows, overlap)));
        }
    }

    private double Seconds(Action queue) => StreamTimer.Median(_stream, Repetitions, queue);
}
