using System.Numerics;

namespace AutoGlm.Engine.Sampling;

/// <summary>
/// The tokens that are still in play, by rising id, with their logits. Filters drop some and keep the order, so that no filter
/// has to sort. The buffers grow to what a vocabulary needs, once.
/// </summary>
internal sealed class Candidates
{
    /// <summary>Logits this far below the largest weigh next to nothing; top-p looks at the others first.</summary>
    private const float TailDepth = 10;

    private readonly TopSelection _top = new();
    private readonly int[] _ids;
    private readonly float[] _logits;
    private readonly float[] _weights;
    private readonly double[] _blockSums;
    private float[] _keys = [];
    private int[] _positions = [];
    private int _count;
    private float _max;

    public Candidates(int vocabulary)
    {
        _ids = new int[vocabulary];
        _logits = new float[vocabulary];
        _weights = new float[vocabulary];
        _blockSums = new double[Softmax.BlockCount(vocabulary)];
    }

    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, _count);

    public ReadOnlySpan<float> Logits => _logits.AsSpan(0, _count);

    /// <summary>Starts with the k largest logits, or with all above minus infinity where k is 0.</summary>
    /// <param name="logits">Finite, minus infinity or NaN; one at least finite.</param>
    /// <param name="max">The largest.</param>
    /// <param name="k">How many to keep.</param>
    /// <param name="floor">Least logit to keep.</param>
    public void Start(ReadOnlySpan<float> logits, float max, int k, float floor)
    {
        _max = max;
        int lastEqualId = int.MaxValue;
        if (k > 0 && k < logits.Length)
        {
            _top.Select(logits, k);
            (float worst, int worstId) = _top.Worst;
            if (worst >= floor) (floor, lastEqualId) = (worst, worstId);
        }

        _count = 0;
        int start = 0;
        for (; start + Vector<float>.Count <= logits.Length; start += Vector<float>.Count)
        {
            if (Vector.GreaterThanOrEqualAny(new Vector<float>(logits[start..]), new Vector<float>(floor)))
            {
                AddFrom(floor, lastEqualId, logits.Slice(start, Vector<float>.Count), start);
            }
        }

        AddFrom(floor, lastEqualId, logits[start..], start);
    }

    /// <summary>Keeps the fewest most probable ones that reach probability p.</summary>
    public void KeepTopP(float p)
    {
        double total = Weigh(1);
        Span<float> keys = Keys();
        for (int i = 0; i < _count; i++) keys[i] = -_logits[i];
        Span<int> positions = Positions();
        int near = 0;
        double nearWeight = 0;
        for (int i = 0; i < _count; i++)
        {
            if (_logits[i] < _max - TailDepth) continue;
            positions[near++] = i;
            nearWeight += _weights[i];
        }

        // Where the tail is needed after all, look at everything.
        if (nearWeight < p * total * (1 + 1e-9)) near = Fill(positions);
        KeepNeeded(keys, MassSelection.LastNeeded(keys, _weights, positions[..near], p * total));
    }

    /// <summary>Keeps those whose surprise is nearest to the entropy, until they reach probability p.</summary>
    public void KeepTypical(float p)
    {
        double total = Weigh(1), logTotal = Math.Log(total), entropy = 0;
        for (int i = 0; i < _count; i++) entropy -= _weights[i] / total * ((double)_logits[i] - _max - logTotal);
        Span<float> keys = Keys();
        for (int i = 0; i < _count; i++) keys[i] = (float)Math.Abs((double)_logits[i] - _max - logTotal + entropy);
        Span<int> positions = Positions();
        KeepNeeded(keys, MassSelection.LastNeeded(keys, _weights, positions[..Fill(positions)], p * total));
    }

    /// <summary>Keeps logits of at least the floor, the largest always.</summary>
    public void KeepAbove(float floor)
    {
        int kept = 0;
        for (int i = 0; i < _count; i++)
        {
            if (_logits[i] >= floor || _logits[i] == _max) Move(i, kept++);
        }

        _count = kept;
    }

    /// <summary>The largest logit still in play; typical sampling may have dropped the one before.</summary>
    public float Max() => _max = Softmax.Max(Logits);

    /// <summary>Draws one in proportion to exp(logit / temperature).</summary>
    /// <param name="temperature">Over 0.</param>
    /// <param name="uniform">The random number, in [0, 1).</param>
    public int Draw(float temperature, double uniform)
    {
        double left = uniform * Weigh(1 / temperature);
        int block = 0, blocks = Softmax.BlockCount(_count);
        for (; block < blocks - 1 && left >= _blockSums[block]; block++) left -= _blockSums[block];
        int start = block * Softmax.BlockLength, end = Math.Min(_count, start + Softmax.BlockLength);
        for (int i = start; i < end; i++)
        {
            left -= _weights[i];
            if (left < 0) return _ids[i];
        }

        // Rounding took the last step too far: the last one that weighs anything.
        int last = _weights.AsSpan(0, _count).LastIndexOfAnyExcept(0f);
        return _ids[last];
    }

    private void AddFrom(float floor, int lastEqualId, ReadOnlySpan<float> logits, int firstId)
    {
        for (int i = 0; i < logits.Length; i++)
        {
            float logit = logits[i];
            if (!(logit >= floor) || (logit == floor && firstId + i > lastEqualId) || logit == float.NegativeInfinity) continue;
            _ids[_count] = firstId + i;
            _logits[_count++] = logit;
        }
    }

    private double Weigh(float scale) => Softmax.Weights(Logits, _max, scale, _weights, _blockSums);

    private Span<float> Keys()
    {
        if (_keys.Length < _count) _keys = new float[_ids.Length];
        return _keys.AsSpan(0, _count);
    }

    private Span<int> Positions()
    {
        if (_positions.Length < _count) _positions = new int[_ids.Length];
        return _positions.AsSpan(0, _count);
    }

    private int Fill(Span<int> positions)
    {
        for (int i = 0; i < _count; i++) positions[i] = i;
        return _count;
    }

    private void KeepNeeded(ReadOnlySpan<float> keys, int last)
    {
        int kept = 0;
        for (int i = 0; i < _count; i++)
        {
            if (MassSelection.IsNeeded(keys, i, last)) Move(i, kept++);
        }

        _count = kept;
    }

    private void Move(int from, int to)
    {
        _ids[to] = _ids[from];
        _logits[to] = _logits[from];
    }
}
