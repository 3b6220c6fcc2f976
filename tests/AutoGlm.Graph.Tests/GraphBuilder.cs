using AutoGlm.Formats.Quantization;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph.Nodes;
using MatMul = AutoGlm.Graph.Nodes.MatMul;
using Rope = AutoGlm.Graph.Nodes.Rope;

namespace AutoGlm.Graph.Tests;

/// <summary>Builds small graphs by hand, and the random parameters that they name.</summary>
internal sealed class GraphBuilder : IWeightSource
{
    private readonly List<Node> _nodes = [];
    private readonly Dictionary<string, Tensor> _tensors = [];
    private int _attentions;

    public string Location => "a test";

    public int WidthOf(Value x) => _nodes[x.Index].Width;

    public RowSpace RowsOf(Value x) => _nodes[x.Index].Rows;

    public Value Embed(string table, int vocabulary, int width) => Append(new Embed(Matrix(table, TensorType.F32, vocabulary, width)) { Width = width });

    public Value MatMul(Value x, string name, int outputs, TensorType type = TensorType.F32, bool bias = false) =>
        Like(x, outputs, new MatMul(x, Matrix(name, type, outputs, WidthOf(x)), bias ? Vector(name + ".bias", outputs) : null) { Width = 0 });

    public Value Norm(Value x, string name, int? group = null) => Like(x, null, new RmsNorm(x, Vector(name, group ?? WidthOf(x)), 1e-5f, group ?? WidthOf(x)) { Width = 0 });

    public Value Add(Value a, Value b) => Like(a, null, new Add(a, b) { Width = 0 });

    public Value Multiply(Value a, Value b) => Like(a, null, new Multiply(a, b) { Width = 0 });

    public Value Scale(Value x, float factor) => Like(x, null, new Scale(x, factor) { Width = 0 });

    public Value Activate(Value x, ActivationKind kind = ActivationKind.Silu) => Like(x, null, new Activate(x, kind) { Width = 0 });

    public Value Slice(Value x, int offset, int width, int groups = 1) => Like(x, groups * width, new Slice(x, groups, offset) { Width = 0 });

    public Value Concat(Value a, Value b, int groups = 1) => Like(a, WidthOf(a) + WidthOf(b), new Concat(a, b, groups) { Width = 0 });

    public Value Rope(Value x, int headSize, RopeTable table) => Like(x, null, new Rope(x, headSize, table) { Width = 0 });

    public Value Attention(Value q, Value k, Value v, int heads, int kvHeads) => Like(q, WidthOf(v) / kvHeads * heads, new Attention(q, k, v, new AttentionShape
    {
        Layer = _attentions++,
        Heads = heads,
        KvHeads = kvHeads,
        KeySize = WidthOf(k) / kvHeads,
        ValueSize = WidthOf(v) / kvHeads,
        Scale = 1 / MathF.Sqrt(WidthOf(k) / kvHeads),
    })
    { Width = 0 });

    public Value Select(Value x) => Append(new SelectRows(x) { Width = WidthOf(x), Rows = RowSpace.Logits });

    public Value Append(Node node)
    {
        _nodes.Add(node);
        return new Value(_nodes.Count - 1);
    }

    public ComputationGraph Finish(Value output) => new("test", _nodes, output);

    public Weight Matrix(string name, TensorType type, params long[] shape)
    {
        _tensors.TryAdd(name, new RandomTensor(name, type, shape));
        return new Weight(name, shape) { Type = type };
    }

    public Weight Vector(string name, int length) => Matrix(name, TensorType.F32, length);

    public bool Contains(string name) => _tensors.ContainsKey(name);

    public Tensor Get(string name) => _tensors[name];

    public void Dispose()
    {
    }

    /// <summary>A node whose rows are those of another value, and whose width too, unless given.</summary>
    private Value Like(Value x, int? width, Node node) => Append(node with { Width = width ?? WidthOf(x), Rows = RowsOf(x) });

    /// <summary>A tensor of random values that its name decides; wide rows have small ones, so that products stay about as large as inputs.</summary>
    private sealed class RandomTensor : Tensor
    {
        private readonly byte[] _bytes;

        public RandomTensor(string name, TensorType type, long[] shape)
            : base(name, type, shape)
        {
            ulong seed = name.Aggregate(14695981039346656037UL, (hash, letter) => (hash ^ letter) * 1099511628211UL);
            _bytes = new byte[ByteLength];
            new RandomBlocks(Format, shape.Length == 1 ? 0.5f : 1 / MathF.Sqrt(RowLength)).Fill(_bytes, seed);
        }

        public override ReadOnlySpan<byte> Rows(long first, int count) => _bytes.AsSpan((int)(first * RowBytes), (int)(count * RowBytes));
    }
}
