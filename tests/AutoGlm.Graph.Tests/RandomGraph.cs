using AutoGlm.Formats.Tensors;
using AutoGlm.Graph.Nodes;
using RopeLayout = AutoGlm.Graph.Nodes.RopeLayout;

namespace AutoGlm.Graph.Tests;

/// <summary>Random decoders: each seed is another mixture of the ways in which layers are built, with odd sums and columns strewn in.</summary>
internal sealed class RandomGraph
{
    private readonly GraphBuilder _b = new();
    private readonly Random _random;
    private readonly TensorType? _type;
    private readonly int _headSize, _heads, _kvHeads, _hidden, _inner;
    private readonly RopeTable _rope;
    private int _weights;

    private RandomGraph(int seed, TensorType? type)
    {
        _random = new Random(seed);
        _type = type;
        _headSize = Pick(16, 24, 32, 64);
        _kvHeads = Pick(1, 2, 3, 4);
        _heads = _kvHeads * Pick(1, 2, 3);
        _hidden = 32 * _random.Next(1, 5);
        _inner = 32 * _random.Next(1, 6);
        if (_heads * _headSize % 32 != 0) _heads *= 4;
        int pairs = _random.Next(1, _headSize / 2 + 1);
        _rope = new RopeTable(Pick(RopeLayout.Halves, RopeLayout.Interleaved), [.. Enumerable.Range(0, pairs).Select(i => MathF.Pow(100, -i / (float)pairs))], 1);
    }

    public const int Vocabulary = 50;

    /// <param name="seed">Decides all.</param>
    /// <param name="type">Type of all matrices; null to mix float and quantised ones.</param>
    public static (ComputationGraph Graph, IWeightSource Weights) Make(int seed, TensorType? type = null)
    {
        RandomGraph random = new(seed, type);
        return (random.Build(), random._b);
    }

    private ComputationGraph Build()
    {
        Value x = _b.Embed("embedding", Vocabulary, _hidden);
        if (Chance()) x = _b.Scale(x, Pick(0.5f, 1f, 1.7f));
        for (int layers = _random.Next(1, 4); layers > 0; layers--)
        {
            Value attended = Attend(Norm(x));
            x = Join(x, Chance(3) ? Norm(attended) : attended);
            Value fed = FeedForward(Norm(x));
            x = Join(x, Chance(3) ? Norm(fed) : fed);
            if (Chance(4)) x = Strew(x);
        }

        x = _b.Select(Norm(x));
        x = MatMul(x, Vocabulary);
        if (Chance(3)) x = _b.Scale(x, 0.25f);
        return _b.Finish(x);
    }

    private Value Attend(Value x)
    {
        int queries = _heads * _headSize, keys = _kvHeads * _headSize;
        bool together = Chance(3), bias = Chance(3);
        Value all = together ? MatMul(x, queries + 2 * keys, bias) : default;
        Value q = together ? _b.Slice(all, 0, queries) : MatMul(x, queries, bias);
        Value k = together ? _b.Slice(all, queries, keys) : MatMul(x, keys, bias);
        Value v = together ? _b.Slice(all, queries + keys, keys) : MatMul(x, keys, bias);
        if (Chance()) (q, k) = (_b.Norm(q, Name(), _headSize), _b.Norm(k, Name(), _headSize));
        if (Chance(3)) q = _b.Concat(_b.Slice(q, 0, _headSize / 2, _heads), _b.Slice(q, _headSize / 2, _headSize / 2, _heads), _heads);
        if (!Chance(4)) (q, k) = (_b.Rope(q, _headSize, _rope), _b.Rope(k, _headSize, _rope));
        return MatMul(_b.Attention(q, k, v, _heads, _kvHeads), _hidden);
    }

    private Value FeedForward(Value x)
    {
        bool together = Chance(3);
        Value both = together ? MatMul(x, 2 * _inner) : default;
        Value gate = together ? _b.Slice(both, 0, _inner) : MatMul(x, _inner);
        Value activated = _b.Activate(gate, Pick(ActivationKind.Silu, ActivationKind.Gelu, ActivationKind.GeluTanh));
        Value up = together ? _b.Slice(both, _inner, _inner) : MatMul(x, _inner);
        Value inner = Chance() ? _b.Multiply(activated, up) : _b.Multiply(up, activated);
        return MatMul(inner, _hidden, Chance(4));
    }

    /// <summary>Work that models do not do, but graphs may: values that are read late, twice or never, and pieces of rows.</summary>
    private Value Strew(Value x)
    {
        int cut = _random.Next(1, _hidden);
        Value left = _b.Scale(_b.Slice(x, 0, cut), 1.5f), right = _b.Activate(_b.Slice(x, cut, _hidden - cut));
        Value turned = Chance() ? _b.Concat(left, right) : _b.Concat(right, left);
        if (Chance()) _b.Multiply(turned, turned);
        Value twice = _b.Add(MatMul(turned, _hidden), MatMul(turned, _hidden));
        return _b.Add(Chance() ? x : turned, _b.Multiply(twice, _b.Slice(_b.Slice(x, 0, _hidden), 0, _hidden)));
    }

    private Value Join(Value x, Value part) => Chance() ? _b.Add(x, part) : _b.Add(part, Chance(4) ? _b.Scale(x, 0.5f) : x);

    private Value Norm(Value x) => _b.Norm(x, Name());

    private Value MatMul(Value x, int outputs, bool bias = false)
    {
        TensorType type = _type ?? Pick(TensorType.F32, TensorType.Q8_0, TensorType.Q8_0, TensorType.Q4_1);
        return _b.MatMul(x, Name(), outputs, type, bias);
    }

    private string Name() => $"w{_weights++}";

    private bool Chance(int of = 2) => _random.Next(of) == 0;

    private T Pick<T>(params T[] choices) => choices[_random.Next(choices.Length)];
}
