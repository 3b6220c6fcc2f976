using AutoGlm.Cpu.Kernels;
using AutoGlm.Cpu.Threading;
using AutoGlm.Formats;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using MatMul = AutoGlm.Graph.Nodes.MatMul;

namespace AutoGlm.Cpu.Plan;

/// <summary>A graph's parameters as kernels read them: matrices repacked, everything else as floats.</summary>
internal sealed unsafe class WeightStore : IDisposable
{
    private readonly Dictionary<Weight, PackedMatrix> _matrices = [];
    private readonly Dictionary<Weight, NativeArray<float>> _vectors = [];

    private WeightStore()
    {
    }

    public long Bytes => _matrices.Values.Sum(matrix => matrix.Bytes) + _vectors.Values.Sum(vector => vector.Bytes);

    public PackedMatrix Matrix(Weight weight) => _matrices[weight];

    public float* Vector(Weight weight) => _vectors[weight].Start;

    /// <summary>Reads, checks and repacks all parameters, one tensor at a time, each on all threads; each tensor's pages in the file are let go after.</summary>
    /// <exception cref="ModelFormatException">A tensor holds a value or scale that is not finite.</exception>
    public static WeightStore Load(ComputationGraph graph, IWeightSource source, ThreadTeam team, IProgress<double>? progress, CancellationToken cancellation)
    {
        HashSet<Weight> matrices = [.. graph.Nodes.SelectMany(MatricesOf)];
        List<Weight> all = [.. graph.Weights];
        long total = all.Sum(weight => source.Get(weight).ByteLength), done = 0;
        WeightStore store = new();
        try
        {
            foreach (Weight weight in all)
            {
                cancellation.ThrowIfCancellationRequested();
                Tensor tensor = source.Get(weight);
                if (matrices.Contains(weight)) store.AddMatrix(weight, tensor, source.Location, team);
                else store.AddVector(weight, tensor, source.Location);
                tensor.Discard();
                done += tensor.ByteLength;
                progress?.Report((double)done / total);
            }

            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (PackedMatrix matrix in _matrices.Values) matrix.Dispose();
        foreach (NativeArray<float> vector in _vectors.Values) vector.Dispose();
    }

    private static IEnumerable<Weight> MatricesOf(Node node) => node switch
    {
        Embed embed => [embed.Table],
        MatMul matMul => [matMul.W],
        HeadMatMul matMul => [matMul.W],
        ExpertMatMul matMul => [matMul.W],
        _ => [],
    };

    private void AddMatrix(Weight weight, Tensor tensor, string location, ThreadTeam team)
    {
        PackedMatrix matrix;
        try
        {
            matrix = PackedMatrix.Allocate(tensor);
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            throw new ModelFormatException(location, tensor.Name, error.Message, error);
        }

        _matrices.Add(weight, matrix);
        tensor.Prefetch();
        team.Run(new Packing(tensor, matrix, location));
    }

    private void AddVector(Weight weight, Tensor tensor, string location)
    {
        float[] values = tensor.Decode();
        int wrong = Array.FindIndex(values, value => !float.IsFinite(value));
        if (wrong >= 0) throw new ModelFormatException(location, tensor.Name, $"value {wrong} is {values[wrong]}; the file is damaged");
        _vectors.Add(weight, new NativeArray<float>(values));
    }

    /// <summary>Threads take a few panels at a time: their rows are mapped, checked while they come from memory, and packed from the cache.</summary>
    private sealed class Packing(Tensor tensor, PackedMatrix matrix, string location) : IParallelRegion
    {
        private const long BytesAtOnce = 1 << 20;

        private readonly int _step = (int)Math.Clamp(BytesAtOnce / matrix.PanelBytes, 1, matrix.Panels);
        private int _next;

        public void Run(int thread, int threads)
        {
            // The panels left may be fewer than a step for each thread: the counter stays far from overflow.
            for (int panel; (panel = Interlocked.Add(ref _next, _step) - _step) < matrix.Panels;)
            {
                int end = Math.Min(panel + _step, matrix.Panels);
                (long first, _) = matrix.RowsOf(panel);
                (long last, int count) = matrix.RowsOf(end - 1);
                tensor.Populate(first, checked((int)(last + count - first)));
                for (; panel < end; panel++) Pack(panel);
            }
        }

        private void Pack(int panel)
        {
            (long row, int count) = matrix.RowsOf(panel);
            Check(row, count);
            matrix.PackPanels(panel, 1);
        }

        private void Check(long row, int count)
        {
            long block = tensor.Format.FirstNotFinite(tensor.Rows(row, count));
            if (block < 0) return;
            long at = row + block / (tensor.RowLength / tensor.Format.BlockLength);
            throw new ModelFormatException(location, tensor.Name, $"row {at} holds a {(tensor.Format.BlockLength == 1 ? "value" : "scale")} that is infinite or not a number; the file is damaged");
        }
    }
}
