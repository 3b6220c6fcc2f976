using AutoGlm.Cuda;
using AutoGlm.Cuda.Linear;
using AutoGlm.Cuda.Measuring;
using AutoGlm.Cuda.Memory;
using AutoGlm.Cuda.Modules;
using AutoGlm.Formats.Quantization;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Bench.Cuda;

/// <summary>One of a layer's products.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Outputs">Outputs; of the gate, where gated.</param>
/// <param name="Inputs">Inputs.</param>
/// <param name="Gated">True for gate and up in one.</param>
internal sealed record LayerProduct(string Name, int Outputs, int Inputs, bool Gated = false);

/// <summary>Medians in seconds.</summary>
/// <param name="Each">Of each product, alone.</param>
/// <param name="All">Of a layer's products one after another.</param>
/// <param name="FileBytes">Bytes of a layer's weights in a file.</param>
/// <param name="Weights">How many weights that is.</param>
internal sealed record CudaLayerTimes(IReadOnlyList<double> Each, double All, long FileBytes, long Weights);

/// <summary>Random weights of several layers.</summary>
internal sealed class CudaLayers(PackedMatrix[][] matrices) : IDisposable
{
    /// <summary>[layer][product].</summary>
    public PackedMatrix[][] Matrices => matrices;

    public void Dispose()
    {
        foreach (PackedMatrix matrix in matrices.SelectMany(layer => layer)) matrix.Dispose();
    }
}

/// <summary>Times products on a card.</summary>
internal sealed class CudaLinearBench : IDisposable
{
    private const int LayerCount = 6, Repetitions = 9;

    private readonly CudaDevice _device;
    private readonly CudaStream _stream = new();
    private readonly KernelLibrary _library;
    private readonly LinearKernels _kernels;
    private readonly LinearWorkspace _workspace;
    private readonly DeviceBuffer _x, _y;

    public CudaLinearBench(CudaDevice device, int maxRows)
    {
        _device = device;
        _library = new KernelLibrary(device, CubinCache.DefaultFolder);
        _kernels = new LinearKernels(device, _library);
        int inputs = Layers.Max(layer => layer.Inputs), outputs = Layers.Max(layer => layer.Outputs);
        _workspace = new LinearWorkspace(device, _stream, maxRows, inputs);
        _x = Random(maxRows * inputs);
        _y = new DeviceBuffer(device, (long)maxRows * outputs * sizeof(float), "results");
    }

    /// <summary>The products of a layer of the 8b shape.</summary>
    public static IReadOnlyList<LayerProduct> Layers { get; } =
        [new("q, k, v", 6144, 4096), new("output", 4096, 4096), new("gate, up", 14336, 4096, Gated: true), new("down", 4096, 14336)];

    /// <summary>Bytes a second of a plain read.</summary>
    public double ReadRate() => MemoryRead.Rate(_device, _stream, _library);

    public CudaLayers Load(TensorType type)
    {
        PackedMatrix[][] layers = [.. Enumerable.Range(0, LayerCount).Select(_ => Layers.Select(layer => Load(type, layer)).ToArray())];
        return new CudaLayers(layers);
    }

    public CudaLayerTimes Time(CudaLayers layers, int rows)
    {
        double[] each = [.. Enumerable.Range(0, Layers.Count).Select(product => PerLayer(layer => Multiply(layers.Matrices[layer][product], rows)))];
        double all = PerLayer(layer =>
        {
            foreach (PackedMatrix matrix in layers.Matrices[layer]) Multiply(matrix, rows);
        });
        return new CudaLayerTimes(each, all, layers.Matrices[0].Sum(FileBytes), layers.Matrices[0].Sum(matrix => RowsOf(matrix) * matrix.Inputs));
    }

    public void Dispose()
    {
        _x.Dispose();
        _y.Dispose();
        _workspace.Dispose();
        _library.Dispose();
        _stream.Dispose();
    }

    private static long RowsOf(PackedMatrix matrix) => matrix.Gated ? 2L * matrix.Outputs : matrix.Outputs;

    private static long FileBytes(PackedMatrix matrix) => RowsOf(matrix) * matrix.SourceRowBytes;

    private void Multiply(PackedMatrix matrix, int rows) =>
        _kernels.MatMul(_stream, new LinearCall(matrix, _x.Address, matrix.Inputs, rows, _y.Address, matrix.Outputs), _workspace);

    /// <summary>Seconds of a layer, all layers being queued one after another.</summary>
    private double PerLayer(Action<int> queue) => StreamTimer.Median(_stream, Repetitions, () =>
    {
        for (int layer = 0; layer < LayerCount; layer++) queue(layer);
    }) / LayerCount;

    private PackedMatrix Load(TensorType type, LayerProduct layer)
    {
        const int rowsAtOnce = 512;
        PackedMatrix matrix = new(_device, PackedFormat.Get(type), 1, layer.Outputs, layer.Inputs, layer.Gated, layer.Name);
        byte[] blocks = new byte[rowsAtOnce * matrix.SourceRowBytes];
        new RandomBlocks(BlockFormats.Get(matrix.Format.Type)).Fill(blocks, (ulong)layer.Outputs);
        using DeviceBuffer source = Upload(blocks);
        for (int first = 0; first < layer.Outputs; first += rowsAtOnce)
            _kernels.Pack(_stream, matrix, 0, first, Math.Min(rowsAtOnce, layer.Outputs - first), source.Address, source.Address);
        _stream.Synchronize();
        return matrix;
    }

    private DeviceBuffer Random(int count)
    {
        byte[] values = new byte[count * sizeof(float)];
        new RandomBlocks(BlockFormats.Get(TensorType.F32), 1).Fill(values, 1);
        return Upload(values);
    }

    private DeviceBuffer Upload(byte[] bytes)
    {
        DeviceBuffer buffer = new(_device, bytes.Length, "random numbers");
        using PinnedBuffer pinned = new(_device, bytes.Length);
        bytes.CopyTo(pinned.Span<byte>(0, bytes.Length));
        _stream.Upload(buffer.Address, pinned.Address, bytes.Length);
        _stream.Synchronize();
        return buffer;
    }
}
