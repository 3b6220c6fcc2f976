using AutoGlm.Cuda.Memory;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Cuda.Plan;

/// <summary>A graph's parameters in the card's memory.</summary>
internal sealed class DeviceWeights : IDisposable
{
    private readonly Dictionary<Weight, DeviceMatrix> _matrices = [];
    private readonly Dictionary<Weight, DeviceBuffer> _vectors = [];

    private DeviceWeights(IEnumerable<Weight> gated) => Gated = gated.ToHashSet();

    public long Bytes => _matrices.Values.Sum(matrix => matrix.Bytes) + _vectors.Values.Sum(vector => vector.Bytes);

    /// <summary>Matrices that are packed for <see cref="Operations.GatedMatMul"/>.</summary>
    public IReadOnlySet<Weight> Gated { get; }

    /// <summary>True for a matrix whose products can norm what they read, and gate what they make.</summary>
    public bool IsPacked(Weight weight) => _matrices.TryGetValue(weight, out DeviceMatrix? matrix) && matrix.InputForm != 0;

    public DeviceMatrix Matrix(Weight weight) => _matrices[weight];

    /// <summary>Address of a vector's float32 values.</summary>
    public nint Vector(Weight weight) => _vectors[weight].Address;

    /// <summary>Address of a vector; 0 for none.</summary>
    public nint VectorOrNone(Weight? weight) => weight is null ? 0 : Vector(weight);

    /// <summary>Brings all parameters to the card.</summary>
    /// <exception cref="Formats.ModelFormatException">A tensor holds a value or scale that is not finite.</exception>
    /// <exception cref="InsufficientMemoryException">They do not fit.</exception>
    public static DeviceWeights Load(ComputationGraph graph, IWeightSource source, CudaDevice device, Operations operations, Fusions? fusions, IProgress<double>? progress, CancellationToken cancellation)
    {
        HashSet<Weight> matrices = [.. graph.Nodes.SelectMany(MatricesOf)], tables = [.. graph.Nodes.OfType<Embed>().Select(embed => embed.Table)];
        List<Weight> all = [.. graph.Weights];
        List<Tensor> tensors = [.. all.Select(source.Get)];
        long total = tensors.Sum(tensor => tensor.ByteLength), done = 0;
        CheckFits(device, total);
        DeviceWeights weights = new(fusions?.GatedWeights ?? []);
        try
        {
            long mostRow = tensors.Max(tensor => Math.Max(tensor.RowBytes, tensor.RowLength * sizeof(float)));
            using WeightUploader uploader = new(device, source.Location, WeightUploader.BufferBytes(mostRow), cancellation);
            for (int i = 0; i < all.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                if (i + 1 < all.Count) tensors[i + 1].Prefetch();
                if (matrices.Contains(all[i])) weights._matrices.Add(all[i], operations.LoadMatrix(tensors[i], weights.Gated.Contains(all[i]), tables.Contains(all[i]), uploader));
                else weights.AddVector(all[i], tensors[i], uploader);
                tensors[i].Discard();
                done += tensors[i].ByteLength;
                progress?.Report((double)done / total);
            }

            uploader.Finish();
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (DeviceMatrix matrix in _matrices.Values) matrix.Dispose();
        foreach (DeviceBuffer vector in _vectors.Values) vector.Dispose();
    }

    private static void CheckFits(CudaDevice device, long bytes)
    {
        if (bytes > device.FreeBytes) throw DeviceBuffer.OutOfMemory(device, bytes, "the model's weights");
    }

    private static IEnumerable<Weight> MatricesOf(Node node) => node switch
    {
        Embed embed => [embed.Table],
        MatMul matMul => [matMul.W],
        HeadMatMul matMul => [matMul.W],
        ExpertMatMul matMul => [matMul.W],
        _ => [],
    };

    private void AddVector(Weight weight, Tensor tensor, WeightUploader uploader)
    {
        DeviceBuffer vector = new(uploader.Device, tensor.Length * sizeof(float), weight.Name);
        _vectors.Add(weight, vector);
        uploader.Floats(tensor, 0, tensor.RowCount, vector.Address);
    }
}
