using AutoGlm.Cuda.Linear;
using AutoGlm.Cuda.Memory;
using AutoGlm.Cuda.Modules;
using AutoGlm.Formats.Quantization;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cuda.Tests.Linear;

/// <summary>Products on the card against sums in double precision over what the formats' reference decodes.</summary>
public sealed class LinearKernelTests
{
    /// <summary>Norm of the error over norm of the result: activations are rounded to 8 (bfloat16) or 11 bits, weights to 11.</summary>
    private const double Tolerance = 3e-3, GatedTolerance = 6e-3;

    public static TheoryData<TensorType> Types => new(PackedFormat.Types);

    [Theory]
    [MemberData(nameof(Types))]
    public void Products_are_the_reference_s(TensorType type)
    {
        using Bench bench = new();
        foreach ((int outputs, int blocks) in new[] { (200, 3), (16, 1), (1000, 5) })
        {
            using Case matrix = new(bench, type, outputs, Inputs(type, blocks), gated: false);
            foreach (int rows in (ReadOnlySpan<int>)[1, 2, 5, 8, 9, 33, 130, 257])
            {
                Assert.InRange(matrix.Error(rows, biased: false, added: false), 0, Tolerance);
            }

            Assert.InRange(matrix.GatherError(), 0, Tolerance);
            Assert.InRange(matrix.Error(3, biased: true, added: true), 0, Tolerance);
            Assert.InRange(matrix.Error(40, biased: true, added: true), 0, Tolerance);
        }
    }

    [Theory]
    [InlineData(TensorType.F32)]
    [InlineData(TensorType.TQ1_0)]
    public void Types_without_a_layout_are_multiplied_as_floats(TensorType type)
    {
        using Bench bench = new();
        using Case matrix = new(bench, type, 77, Inputs(type, 3), gated: false);
        foreach (int rows in (ReadOnlySpan<int>)[1, 8, 19]) Assert.InRange(matrix.Error(rows, biased: true, added: true), 0, 1e-5);
        Assert.Equal(0, matrix.GatherError());
    }

    [Theory]
    [InlineData(TensorType.F32)]
    [InlineData(TensorType.BF16)]
    [InlineData(TensorType.Q4_K)]
    [InlineData(TensorType.MXFP4)]
    public void Each_slot_meets_its_matrix_and_each_row_its_experts(TensorType type)
    {
        using Bench bench = new();
        // Each of 5 matrices has 32 outputs: to the reference, one matrix of 160.
        using Case matrices = new(bench, type, 160, Inputs(type, 3), gated: false, matrices: 5);
        foreach (int rows in (ReadOnlySpan<int>)[1, 6, 21, 50])
        {
            Assert.InRange(matrices.ExpertError(rows, used: 3), 0, Tolerance);
            Assert.InRange(matrices.SlotError(rows), 0, Tolerance);
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Gated_products_are_the_reference_s(TensorType type)
    {
        using Bench bench = new();
        using Case matrix = new(bench, type, 72, Inputs(type, 3), gated: true);
        foreach (int rows in (ReadOnlySpan<int>)[1, 7, 20, 140]) Assert.InRange(matrix.Error(rows, biased: false, added: false), 0, GatedTolerance);
    }

    [Theory]
    [InlineData(TensorType.BF16)]
    [InlineData(TensorType.Q6_K)]
    public void Rows_are_normed_on_the_way(TensorType type)
    {
        using Bench bench = new();
        using Case matrix = new(bench, type, 100, Inputs(type, 3), gated: false);
        foreach (int rows in (ReadOnlySpan<int>)[1, 5, 8]) Assert.InRange(matrix.NormedError(rows), 0, Tolerance);
    }

    [Fact]
    public void A_product_may_be_the_operand_of_the_next()
    {
        using Bench bench = new();
        using Case gate = new(bench, TensorType.Q8_0, 96, 256, gated: true);
        using Case down = new(bench, TensorType.Q4_0, 40, 96, gated: false);
        Assert.InRange(gate.ErrorThrough(down, rows: 21), 0, GatedTolerance);
    }

    [Fact]
    public void A_product_is_the_same_each_time()
    {
        using Bench bench = new();
        using Case matrix = new(bench, TensorType.Q4_K, 640, 4096, gated: false);
        foreach (int rows in (ReadOnlySpan<int>)[1, 16, 100])
        {
            float[] first = matrix.Run(rows, biased: true, added: true);
            for (int i = 0; i < 3; i++) Assert.Equal(first, matrix.Run(rows, biased: true, added: true));
        }
    }

    /// <summary>An odd number of the format's blocks, or of pairs of plain values.</summary>
    private static int Inputs(TensorType type, int blocks) => BlockFormats.Get(type).BlockLength switch
    {
        1 => 202 * blocks,
        32 => 32 * (7 * blocks + blocks % 2),
        int length => length * blocks,
    };

    private sealed class Bench : IDisposable
    {
        public Bench()
        {
            Device = Gpu.Open();
            Library = new KernelLibrary(Device, CubinCache.DefaultFolder);
            Kernels = new LinearKernels(Device, Library);
            Stream = new CudaStream();
        }

        public CudaDevice Device { get; }

        public KernelLibrary Library { get; }

        public LinearKernels Kernels { get; }

        public CudaStream Stream { get; }

        public DeviceBuffer Upload<T>(ReadOnlySpan<T> values) where T : unmanaged
        {
            long bytes = (long)values.Length * System.Runtime.CompilerServices.Unsafe.SizeOf<T>();
            using PinnedBuffer host = new(Device, bytes);
            DeviceBuffer device = new(Device, bytes, "a test's data");
            values.CopyTo(host.Span<T>(0, values.Length));
            Stream.Upload(device.Address, host.Address, bytes);
            Stream.Synchronize();
            return device;
        }

        public float[] Download(DeviceBuffer device, int count)
        {
            using PinnedBuffer host = new(Device, (long)count * sizeof(float));
            Stream.Download(host.Address, device.Address, host.Bytes);
            Stream.Synchronize();
            return host.Span<float>(0, count).ToArray();
        }

        public void Dispose()
        {
            Stream.Dispose();
            Library.Dispose();
            Device.Dispose();
        }
    }

    /// <summary>Random weights on the card and decoded, and activations.</summary>
    private sealed class Case : IDisposable
    {
        private const int MaxRows = 257;

        private readonly Bench _bench;
        private readonly PackedMatrix _weights;
        private readonly LinearWorkspace _workspace;
        private readonly DeviceBuffer _x, _bias, _addend, _y;
        private readonly float[] _values, _xHost, _biasHost, _addendHost;

        public Case(Bench bench, TensorType type, int outputs, int inputs, bool gated, int matrices = 1)
        {
            _bench = bench;
            BlockFormat format = BlockFormats.Get(type);
            int rows = gated ? 2 * outputs : outputs;
            byte[] blocks = new byte[format.RowBytes(inputs) * rows];
            new RandomBlocks(format).Fill(blocks, (ulong)(outputs + inputs));
            _values = new float[(long)rows * inputs];
            format.Decode(blocks, _values);
            _xHost = Random(MaxRows * inputs * matrices, 1);
            _biasHost = Random(outputs, 2);
            _addendHost = Random(MaxRows * outputs, 3);
            _x = bench.Upload<float>(_xHost);
            _bias = bench.Upload<float>(_biasHost);
            _addend = bench.Upload<float>(_addendHost);
            _y = bench.Upload<float>(_addendHost);
            _workspace = new LinearWorkspace(bench.Device, bench.Stream, MaxRows, inputs, used: 3, matrices);
            _weights = new PackedMatrix(bench.Device, PackedFormat.Get(type), matrices, outputs / matrices, inputs, gated, "a test's weights");
            using DeviceBuffer raw = _weights.Format == PackedFormat.Single ? bench.Upload<float>(_values) : bench.Upload<byte>(blocks);
            for (int matrix = 0; matrix < matrices; matrix++) Pack(matrix, raw.Address + (nint)(matrix * _weights.Outputs * _weights.SourceRowBytes));
            bench.Stream.Synchronize();
        }

        /// <summary>Runs a product over memory that held something else.</summary>
        public float[] Run(int rows, bool biased, bool added)
        {
            _bench.Stream.Fill(_y.Address, 0xFF, _y.Bytes);
            LinearCall call = new(_weights, _x.Address, _weights.Inputs, rows, _y.Address, _weights.Outputs, biased ? _bias.Address : 0, added ? _addend.Address : 0, _weights.Outputs);
            _bench.Kernels.MatMul(_bench.Stream, call, _workspace);
            return _bench.Download(_y, rows * _weights.Outputs);
        }

        public double Error(int rows, bool biased, bool added)
        {
            float[] y = Run(rows, biased, added);
            double difference = 0, norm = 0;
            for (int i = 0; i < y.Length; i++)
            {
                (int row, int output) = Math.DivRem(i, _weights.Outputs);
                double expected = Expected(row, output) + (biased ? _biasHost[output] : 0) + (added ? _addendHost[i] : 0);
                difference += (y[i] - expected) * (y[i] - expected);
                norm += expected * expected;
            }

            return Math.Sqrt(difference / norm);
        }

        /// <summary>The next product of this one's result, against the same by way of floats.</summary>
        public double ErrorThrough(Case next, int rows)
        {
            float[] between = Run(rows, biased: false, added: false);
            using DeviceBuffer x = new(_bench.Device, LinearKernels.OperandBytes(rows, _weights.Inputs), "a test's operand");
            using DeviceBuffer y = new(_bench.Device, LinearKernels.OperandBytes(rows, _weights.Outputs), "a test's operand");
            _bench.Stream.Fill(y.Address, 0xFF, y.Bytes);
            _bench.Kernels.Prepare(_bench.Stream, _x.Address, _weights.Inputs, rows, _weights.Inputs, _weights.Format.BFloat16, x.Address);
            _bench.Kernels.MatMulToOperand(_bench.Stream, new LinearCall(_weights, 0, 0, rows, y.Address, 0), x.Address, next._weights.Format.BFloat16, _workspace);
            LinearCall call = new(next._weights, 0, 0, rows, next._y.Address, next._weights.Outputs);
            _bench.Kernels.MatMul(_bench.Stream, call, y.Address, next._workspace);
            float[] results = _bench.Download(next._y, rows * next._weights.Outputs);
            between.CopyTo(next._xHost, 0);
            return next.Error(results, 1, (row, _) => (0, row));
        }

        /// <summary>Rows of the weights, out of order.</summary>
        public double GatherError()
        {
            int[] ids = [.. Enumerable.Range(0, 50).Select(i => i * 37 % _weights.Outputs)];
            using DeviceBuffer chosen = _bench.Upload<int>(ids);
            using DeviceBuffer y = new(_bench.Device, (long)ids.Length * _weights.Inputs * sizeof(float), "a test's results");
            _bench.Kernels.Gather(_bench.Stream, _weights, chosen.Address, ids.Length, y.Address, _weights.Inputs);
            float[] rows = _bench.Download(y, ids.Length * _weights.Inputs);
            double difference = 0, norm = 0;
            for (int i = 0; i < rows.Length; i++)
            {
                (int row, int column) = Math.DivRem(i, _weights.Inputs);
                double expected = _values[ids[row] * _weights.Inputs + column];
                difference += (rows[i] - expected) * (rows[i] - expected);
                norm += expected * expected;
            }

            return Math.Sqrt(difference / norm);
        }

        /// <summary>Rows that are normed first.</summary>
        public double NormedError(int rows)
        {
            const float epsilon = 0.25f;
            float[] gain = Random(_weights.Inputs, 4), x = [.. _xHost];
            using DeviceBuffer gains = _bench.Upload<float>(gain);
            for (int row = 0; row < rows; row++)
            {
                Span<float> values = _xHost.AsSpan(row * _weights.Inputs, _weights.Inputs);
                double squares = 0;
                foreach (float value in values) squares += (double)value * value;
                double scale = 1 / Math.Sqrt(squares / values.Length + epsilon);
                for (int i = 0; i < values.Length; i++) values[i] = (float)(values[i] * scale * gain[i]);
            }

            LinearCall call = new(_weights, _x.Address, _weights.Inputs, rows, _y.Address, _weights.Outputs, Gain: gains.Address, Epsilon: epsilon);
            _bench.Kernels.MatMul(_bench.Stream, call, _workspace);
            double error = Error(_bench.Download(_y, rows * _weights.Outputs), 1, (row, _) => (0, row));
            x.CopyTo(_xHost, 0);
            return error;
        }

        /// <summary>Each row by experts of its own.</summary>
        public double ExpertError(int rows, int used)
        {
            float[] routing = [.. Enumerable.Range(0, rows * 2 * used).Select(i => (float)(i * 7 % _weights.Matrices))];
            using DeviceBuffer chosen = _bench.Upload<float>(routing);
            using DeviceBuffer y = new(_bench.Device, (long)rows * used * _weights.Outputs * sizeof(float), "a test's results");
            LinearCall call = new(_weights, _x.Address, _weights.Inputs, rows, y.Address, used * _weights.Outputs);
            _bench.Kernels.MatMulOfExperts(_bench.Stream, call, chosen.Address, 2 * used, used, xPerSlot: false, _workspace);
            float[] results = _bench.Download(y, rows * used * _weights.Outputs);
            return Error(results, used, (row, slot) => ((int)routing[row * 2 * used + slot], row));
        }

        /// <summary>Each slot's columns by its own matrix.</summary>
        public double SlotError(int rows)
        {
            int slots = _weights.Matrices;
            using DeviceBuffer y = new(_bench.Device, (long)rows * slots * _weights.Outputs * sizeof(float), "a test's results");
            LinearCall call = new(_weights, _x.Address, slots * _weights.Inputs, rows, y.Address, slots * _weights.Outputs);
            _bench.Kernels.MatMulOfSlots(_bench.Stream, call);
            float[] results = _bench.Download(y, rows * slots * _weights.Outputs);
            return Error(results, slots, (row, slot) => (slot, row * slots + slot));
        }

        public void Dispose()
        {
            foreach (IDisposable item in (IDisposable[])[_weights, _workspace, _x, _bias, _addend, _y]) item.Dispose();
        }

        private static float[] Random(int count, int seed)
        {
            Random random = new(seed);
            return [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 4 - 2))];
        }

        /// <summary>Packs in two pieces, as a loader does.</summary>
        private void Pack(int matrix, nint raw)
        {
            int first = Math.Min(_weights.Outputs, 64);
            long rowBytes = _weights.SourceRowBytes;
            nint up = _weights.Gated ? raw + (nint)(_weights.Outputs * rowBytes) : 0;
            _bench.Kernels.Pack(_bench.Stream, _weights, matrix, 0, first, raw, up);
            if (first == _weights.Outputs) return;
            nint offset = (nint)(first * rowBytes);
            _bench.Kernels.Pack(_bench.Stream, _weights, matrix, first, _weights.Outputs - first, raw + offset, _weights.Gated ? up + offset : 0);
        }

        /// <summary>Compares results [rows][slots][outputs]; which says the matrix of a row's slot, and its x.</summary>
        private double Error(float[] results, int slots, Func<int, int, (int Matrix, int X)> which)
        {
            double difference = 0, norm = 0;
            for (int i = 0; i < results.Length; i++)
            {
                (int slot, int output) = Math.DivRem(i, _weights.Outputs);
                (int matrix, int x) = which(slot / slots, slot % slots);
                double expected = Dot(x, matrix * _weights.Outputs + output);
                difference += (results[i] - expected) * (results[i] - expected);
                norm += expected * expected;
            }

            return Math.Sqrt(difference / norm);
        }

        private double Expected(int row, int output)
        {
            if (!_weights.Gated) return Dot(row, output);
            double gate = Dot(row, output);
            return gate / (1 + Math.Exp(-gate)) * Dot(row, _weights.Outputs + output);
        }

        private double Dot(int row, int output)
        {
            ReadOnlySpan<float> x = _xHost.AsSpan(row * _weights.Inputs, _weights.Inputs), w = _values.AsSpan(output * _weights.Inputs, _weights.Inputs);
            double sum = 0;
            for (int i = 0; i < x.Length; i++) sum += (double)x[i] * w[i];
            return sum;
        }
    }
}
