using System.Runtime.InteropServices;
using System.Security.Cryptography;
using AutoGlm.Cpu.Kernels;
using AutoGlm.Cpu.Loading;
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

    private readonly IncrementalHash _vectorHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private PackedFile? _file;

    private WeightStore()
    {
    }

    public long Bytes { get; private set; }

    /// <summary>Bytes that are mapped from a file.</summary>
    public long MappedBytes => _file?.Bytes ?? 0;

    /// <summary>Names the content of all parameters.</summary>
    public byte[] ContentHash { get; private set; } = [];

    /// <summary>What people should know about how the parameters were loaded.</summary>
    public IReadOnlyList<string> Notices { get; private set; } = [];

    public PackedMatrix Matrix(Weight weight) => _matrices[weight];

    public float* Vector(Weight weight) => _vectors[weight].Start;

    /// <summary>
    /// Reads, checks and repacks all parameters, on all threads at once; a tensor's pages in the file are let go when it is packed.
    /// Matrices that a cache has packed are mapped instead.
    /// </summary>
    /// <exception cref="ModelFormatException">A tensor holds a value or scale that is not finite.</exception>
    public static WeightStore Load(ComputationGraph graph, IWeightSource source, ThreadTeam team, WeightCache? cache, IProgress<double>? progress, CancellationToken cancellation)
    {
        HashSet<Weight> matrices = [.. graph.Nodes.SelectMany(MatricesOf)];
        WeightStore store = new();
        try
        {
            List<(Tensor, PackedMatrix)> packed = [];
            foreach (Weight weight in graph.Weights)
            {
                cancellation.ThrowIfCancellationRequested();
                Tensor tensor = source.Get(weight);
                if (matrices.Contains(weight)) packed.Add((tensor, store.AddMatrix(weight, tensor, source.Location)));
                else store.AddVector(weight, tensor, source.Location);
            }

            WeightLoader loader = new(new WeightPieces(packed), source, team, progress, cancellation);
            store._file = loader.Load(cache);
            store.Notices = loader.Notices;
            store.ContentHash = store.HashWith(loader.Content);
            progress?.Report(1);
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
        _file?.Dispose();
        _vectorHash.Dispose();
    }

    private byte[] HashWith(Hash128 matrices)
    {
        Span<byte> bytes = stackalloc byte[Hash128.Bytes];
        matrices.Write(bytes);
        _vectorHash.AppendData(bytes);
        return _vectorHash.GetHashAndReset();
    }

    private static IEnumerable<Weight> MatricesOf(Node node) => node switch
    {
        Embed embed => [embed.Table],
        MatMul matMul => [matMul.W],
        HeadMatMul matMul => [matMul.W],
        ExpertMatMul matMul => [matMul.W],
        _ => [],
    };

    private PackedMatrix AddMatrix(Weight weight, Tensor tensor, string location)
    {
        try
        {
            PackedMatrix matrix = PackedMatrix.Of(tensor);
            _matrices.Add(weight, matrix);
            Bytes += matrix.Bytes;
            return matrix;
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            throw new ModelFormatException(location, tensor.Name, error.Message, error);
        }
    }

    private void AddVector(Weight weight, Tensor tensor, string location)
    {
        float[] values = tensor.Decode();
        int wrong = Array.FindIndex(values, value => !float.IsFinite(value));
        if (wrong >= 0) throw new ModelFormatException(location, tensor.Name, $"value {wrong} is {values[wrong]}; the file is damaged");
        NativeArray<float> vector = new(values);
        _vectors.Add(weight, vector);
        Bytes += vector.Bytes;
        _vectorHash.AppendData(MemoryMarshal.AsBytes<float>(values));
        tensor.Discard();
    }
}
