using System.Runtime.InteropServices;
using AutoGlm.Cpu.Kernels;
using AutoGlm.Cpu.Threading;
using AutoGlm.Formats.Quantization;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Bench.Kernels;

/// <summary>Random weights of one type and shape, in as many copies as fill a working set, and inputs for them.</summary>
internal sealed unsafe class MatMulBench : IDisposable, IParallelRegion
{
    private readonly KernelSet _set;
    private readonly ThreadTeam _team;
    private readonly PackedMatrix[] _weights;
    private readonly ActivationBuffer _buffer;
    private readonly float* _x, _y;
    private readonly int _outputs, _columns;
    private int _next, _rows;

    public MatMulBench(KernelSet set, ThreadTeam team, TensorType type, int outputs, int columns, int maxRows, long workingSet)
    {
        (_set, _team, _outputs, _columns) = (set, team, outputs, columns);
        RandomTensor tensor = new(type, outputs, columns);
        _weights = new PackedMatrix[Math.Max(1, workingSet / (BlockFormats.RowBytes(type, columns) * outputs))];
        for (int i = 0; i < _weights.Length; i++) _weights[i] = PackedMatrix.Pack(tensor);
        _buffer = new ActivationBuffer((long)maxRows * columns);
        _x = (float*)NativeMemory.AlignedAlloc((nuint)maxRows * (nuint)columns * sizeof(float), 64);
        _y = (float*)NativeMemory.AlignedAlloc((nuint)maxRows * (nuint)outputs * sizeof(float), 64);
        for (int i = 0; i < maxRows * columns; i++) _x[i] = Random.Shared.NextSingle() - 0.5f;
    }

    /// <summary>One product with the given rows, quantisation of its input included, by the next copy of the weights.</summary>
    public void Multiply(int rows)
    {
        _rows = rows;
        _next = (_next + 1) % _weights.Length;
        _team.Run(this);
    }

    public void Run(int thread, int threads)
    {
        MatMulArgs args = new()
        {
            Weights = _weights[_next],
            X = _buffer.View(_x, _columns, _rows, _columns),
            Y = _y,
            YStride = _outputs,
        };
        if (!args.Weights.Format.IsFloat)
        {
            _set.Quantize(args.X, thread, threads);
            _team.Barrier();
        }

        _set.MatMul(args, thread, threads);
    }

    public void Dispose()
    {
        foreach (PackedMatrix weights in _weights) weights.Dispose();
        _buffer.Dispose();
        NativeMemory.AlignedFree(_x);
        NativeMemory.AlignedFree(_y);
    }

    private sealed class RandomTensor : Tensor
    {
        private readonly byte[] _rows;
        private readonly int _rowBytes;

        public RandomTensor(TensorType type, long outputs, long columns) : base("random", type, [outputs, columns])
        {
            _rowBytes = (int)BlockFormats.RowBytes(type, columns);
            _rows = new byte[64 * _rowBytes];
            new RandomBlocks(BlockFormats.Get(type)).Fill(_rows, 1);
        }

        public override ReadOnlySpan<byte> Rows(long first, int count) => _rows.AsSpan((int)(first % 32) * _rowBytes, count * _rowBytes);
    }
}
