using AutoGlm.Cpu.Loading;
using AutoGlm.Cpu.Tests.Kernels;
using AutoGlm.Cpu.Threading;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph;

namespace AutoGlm.Cpu.Tests.Loading;

/// <summary>One load of some tensors through a cache.</summary>
internal sealed unsafe class CachedLoad
{
    private readonly Tensor[] _tensors;

    /// <param name="cache">The cache; null for none.</param>
    /// <param name="tensors">What is loaded.</param>
    /// <param name="stamps">What the system would say of the files, each time it is asked.</param>
    public CachedLoad(WeightCache? cache, Tensor[] tensors, Func<IReadOnlyList<FileStamp>?>? stamps = null)
    {
        _tensors = tensors;
        CountedTensor[] counted = [.. tensors.Select(tensor => new CountedTensor(tensor))];
        List<(Tensor, PackedMatrix Matrix)> matrices = [.. counted.Select(tensor => ((Tensor)tensor, PackedMatrix.Of(tensor)))];
        Pieces = new WeightPieces(matrices);
        using ThreadTeam team = new(2);
        WeightLoader loader = new(Pieces, new Source(stamps ?? (() => null)), team, null, TestContext.Current.CancellationToken);
        using PackedFile? file = loader.Load(cache);
        (IsMapped, Content, Notices, Reads) = (file is not null, loader.Content, loader.Notices, counted.Sum(tensor => tensor.Reads));
        Packed = [.. matrices.Select(pair => new ReadOnlySpan<byte>(pair.Matrix.PanelAt(0, 0), (int)pair.Matrix.Bytes).ToArray())];
        foreach ((_, PackedMatrix matrix) in matrices) matrix.Dispose();
    }

    public WeightPieces Pieces { get; }

    public bool IsMapped { get; }

    public Hash128 Content { get; }

    public IReadOnlyList<string> Notices { get; }

    /// <summary>How often tensors were read.</summary>
    public int Reads { get; }

    public byte[][] Packed { get; }

    /// <summary>Checks that all panels are those of packing.</summary>
    public CachedLoad IsRight()
    {
        for (int i = 0; i < _tensors.Length; i++)
        {
            using PackedMatrix expected = PackedMatrix.Pack(_tensors[i]);
            Assert.True(new ReadOnlySpan<byte>(expected.PanelAt(0, 0), (int)expected.Bytes).SequenceEqual(Packed[i]), _tensors[i].Name);
        }

        return this;
    }

    /// <summary>Tensors of several types and shapes, some of many pieces, some of part of a panel.</summary>
    public static RandomWeights[] Tensors(int seed)
    {
        Random random = new(seed);
        return
        [
            new(TensorType.Q4_K, random, 40, 512), new(TensorType.F16, random, 3, 33), new(TensorType.Q8_0, random, 1100, 2048),
            new(TensorType.Q6_K, random, 3, 40, 256), new(TensorType.BF16, random, 96, 130),
        ];
    }

    private sealed class Source(Func<IReadOnlyList<FileStamp>?> stamps) : IWeightSource
    {
        public string Location => "folder/model.gguf";

        public IReadOnlyList<FileStamp>? Stamps => stamps();

        public bool Contains(string name) => false;

        public Tensor Get(string name) => throw new InvalidOperationException();

        public void Dispose()
        {
        }
    }
}
