using System.Runtime.InteropServices;
using AutoGlm.Formats.Gguf;
using AutoGlm.Formats.Quantization;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Models.Synthesis;

/// <summary>
/// Writes a GGUF file of a named shape with random weights and a padded vocabulary: it loads and runs like the real
/// model, and says nothing. For benchmarks.
/// </summary>
public sealed class SyntheticModel
{
    private const int BufferBytes = 32 << 20, PieceBytes = 1 << 20;
    private readonly SyntheticShape _shape;
    private readonly SyntheticType _type;
    private readonly GgufWriter _writer;
    private readonly Dictionary<TensorType, RandomBlocks> _random = [];
    private readonly ulong _seed;
    private byte[] _buffer = [];
    private ulong _tensors;

    private SyntheticModel(SyntheticShape shape, SyntheticType type, int seed)
    {
        _shape = shape;
        _type = type;
        _seed = (ulong)(uint)seed << 32;
        _writer = new GgufWriter(Metadata());
        AddTensors();
    }

    /// <param name="shape">One of <see cref="SyntheticShape.All"/>.</param>
    /// <param name="type">How the matrices are stored; norms and biases are F32.</param>
    /// <param name="path">Where to; the file appears when it is whole.</param>
    /// <param name="progress">Told the share written, 0 to 1.</param>
    /// <param name="seed">The same seed gives the same file.</param>
    /// <param name="cancellation">Stops the writing and leaves no file.</param>
    public static void Write(
        SyntheticShape shape, SyntheticType type, string path,
        IProgress<double>? progress = null, int seed = 1, CancellationToken cancellation = default) =>
        new SyntheticModel(shape, type, seed)._writer.Write(path, progress, cancellation);

    /// <inheritdoc cref="Write(SyntheticShape, SyntheticType, string, IProgress{double}, int, CancellationToken)"/>
    /// <exception cref="ArgumentException">No such shape.</exception>
    public static void Write(
        string shape, SyntheticType type, string path,
        IProgress<double>? progress = null, int seed = 1, CancellationToken cancellation = default) =>
        Write(SyntheticShape.Get(shape), type, path, progress, seed, cancellation);

    private GgufMetadata Metadata()
    {
        string architecture = _shape.Architecture;
        var metadata = new GgufMetadata
        {
            ["general.architecture"] = architecture,
            ["general.type"] = "model",
            ["general.name"] = $"Synthetic {_shape.Name} {_type.Name}",
            ["general.size_label"] = _shape.Name.ToUpperInvariant(),
            [$"{architecture}.block_count"] = (uint)_shape.Layers,
            [$"{architecture}.context_length"] = (uint)_shape.Context,
            [$"{architecture}.embedding_length"] = (uint)_shape.Width,
            [$"{architecture}.feed_forward_length"] = (uint)_shape.Hidden,
            [$"{architecture}.attention.head_count"] = (uint)_shape.Heads,
            [$"{architecture}.attention.head_count_kv"] = (uint)_shape.KvHeads,
            [$"{architecture}.attention.key_length"] = (uint)_shape.HeadWidth,
            [$"{architecture}.attention.value_length"] = (uint)_shape.HeadWidth,
            [$"{architecture}.attention.layer_norm_rms_epsilon"] = _shape.Epsilon,
            [$"{architecture}.rope.freq_base"] = _shape.RopeBase,
            [$"{architecture}.rope.dimension_count"] = (uint)(_shape.RopeWidth ?? _shape.HeadWidth),
            [$"{architecture}.vocab_size"] = (uint)_shape.Vocabulary,
        };
        if (_type.FileType is uint fileType) metadata["general.file_type"] = fileType;
        metadata["general.quantization_version"] = 2u;
        new SyntheticVocabulary(_shape.Vocabulary).Describe(metadata, _shape.PreTokenizer);
        return metadata;
    }

    private void AddTensors()
    {
        int width = _shape.Width;
        AddMatrix("token_embd", _type.OfVocabulary(isOutput: _shape.Tied, width), _shape.Vocabulary, width);
        for (int layer = 0; layer < _shape.Layers; layer++) AddLayer(layer);
        AddVector("output_norm.weight", width, mean: 1);
        if (!_shape.Tied) AddMatrix("output", _type.OfVocabulary(isOutput: true, width), _shape.Vocabulary, width);
    }

    private void AddLayer(int layer)
    {
        int width = _shape.Width, queries = _shape.Heads * _shape.HeadWidth, keys = _shape.KvHeads * _shape.HeadWidth;
        string prefix = $"blk.{layer}.";
        void Matrix(string name, int rows, int columns) =>
            AddMatrix(prefix + name, _type.OfLayer(name, layer, _shape.Layers, columns), rows, columns);

        AddVector(prefix + "attn_norm.weight", width, mean: 1);
        foreach ((string name, int rows) in new[] { ("attn_q", queries), ("attn_k", keys), ("attn_v", keys) })
        {
            Matrix(name, rows, width);
            if (_shape.AttentionBias) AddVector($"{prefix}{name}.bias", rows, mean: 0);
        }

        Matrix("attn_output", width, queries);
        if (_shape.IsGlm4) AddVector(prefix + "post_attention_norm.weight", width, mean: 1);
        AddVector(prefix + "ffn_norm.weight", width, mean: 1);
        if (!_shape.IsGlm4) Matrix("ffn_gate", _shape.Hidden, width);
        Matrix("ffn_up", _shape.IsGlm4 ? 2 * _shape.Hidden : _shape.Hidden, width);
        Matrix("ffn_down", width, _shape.Hidden);
        if (_shape.IsGlm4) AddVector(prefix + "post_ffw_norm.weight", width, mean: 1);
    }

    private void AddMatrix(string name, TensorType type, long rows, long columns)
    {
        ulong seed = _seed | _tensors++;
        long bytes = rows * BlockFormats.RowBytes(type, columns);
        _writer.Add(name + ".weight", type, [rows, columns], stream => WriteRandom(stream, type, bytes, seed));
    }

    private void AddVector(string name, int length, float mean)
    {
        ulong seed = _seed | _tensors++;
        _writer.Add(name, TensorType.F32, [length], stream =>
        {
            byte[] bytes = new byte[4 * length];
            RandomFor(TensorType.F32).Fill(bytes, seed);
            foreach (ref float value in MemoryMarshal.Cast<byte, float>(bytes.AsSpan())) value += mean;
            stream.Write(bytes);
        });
    }

    /// <summary>Fills a buffer piece by piece on all cores, each piece from its own seed, and writes it, until all is written.</summary>
    private void WriteRandom(Stream stream, TensorType type, long bytes, ulong seed)
    {
        RandomBlocks random = RandomFor(type);
        int piece = PieceBytes / random.Format.BlockBytes * random.Format.BlockBytes;
        if (_buffer.Length == 0) _buffer = new byte[BufferBytes];
        int pieces = BufferBytes / piece;
        for (long at = 0; at < bytes;)
        {
            int count = (int)Math.Min(bytes - at, (long)pieces * piece);
            ulong first = (ulong)(at / piece);
            Parallel.For(0, (count + piece - 1) / piece, i =>
                random.Fill(_buffer.AsSpan(i * piece, Math.Min(piece, count - i * piece)), Seed(seed, first + (ulong)i)));
            stream.Write(_buffer, 0, count);
            at += count;
        }
    }

    /// <summary>Odd multipliers keep the seeds of all tensors' pieces apart.</summary>
    private static ulong Seed(ulong tensor, ulong piece) => tensor * 0x9E3779B97F4A7C15 ^ piece * 0xD1B54A32D192ED03;

    private RandomBlocks RandomFor(TensorType type)
    {
        if (!_random.TryGetValue(type, out RandomBlocks? random)) _random.Add(type, random = new RandomBlocks(BlockFormats.Get(type)));
        return random;
    }
}
