using System.Runtime.CompilerServices;

namespace AutoGlm.Cpu.Kernels;

/// <summary>What came of a chunk of keys, or of several: softmax and weighted sum under the largest score so far.</summary>
/// <param name="memory"><see cref="PagedAttention.PartialFloats(in KvView, int)"/>.</param>
/// <param name="queries">Queries of the tile.</param>
/// <param name="stride">Floats from one query's sums to the next one's.</param>
internal readonly unsafe struct AttentionPartial(float* memory, int queries, int stride)
{
    private readonly int _queries = (queries + 3) & ~3;

    /// <summary>[query][value dimension], for a multiple of four queries.</summary>
    public float* Sums => memory;

    /// <summary>[query]: the largest score.</summary>
    public float* Largest => memory + (long)_queries * stride;

    /// <summary>[query]: sum of the powers under it.</summary>
    public float* Totals => Largest + _queries;
}

/// <summary>One work item of <see cref="PagedAttention"/>. Query m is row m / heads, head m % heads of the tile.</summary>
internal readonly unsafe ref struct AttentionKernel<T, TElement>
    where T : unmanaged, ILanes<T>
    where TElement : struct, IKvElement<TElement>
{
    private const int Keys = PagedAttention.TileKeys;

    /// <summary>Up to so many queries transposing the keys costs more than it saves.</summary>
    private const int FewQueries = 8;

    private readonly ref readonly AttentionArgs _args;
    private readonly QueryRows _sequence;
    private readonly AttentionTile _tile;
    private readonly int _keyStride, _valueStride;

    /// <summary>Scratch of the thread: [query][key dimension], [key dimension][key], [key][value dimension], [query][key].</summary>
    private readonly float* _q, _k, _v, _scores;

    /// <summary>Scratch too: all chunks up to one, and that one.</summary>
    private readonly AttentionPartial _running, _next;

    public AttentionKernel(ref readonly AttentionArgs args, in QueryRows sequence, in AttentionTile tile, float* scratch)
    {
        _args = ref args;
        _sequence = sequence;
        _tile = tile;
        _keyStride = PagedAttention.Padded(args.Layout.KeySize);
        _valueStride = PagedAttention.Padded(args.Layout.ValueSize);
        _k = scratch;
        _v = _k + (long)Keys * args.Layout.KeySize;
        _scores = _v + (long)Keys * _valueStride;
        _q = _scores + PagedAttention.TileQueries * Keys;
        float* partials = _q + (long)PagedAttention.TileQueries * _keyStride;
        _running = Partial(partials);
        _next = Partial(partials + PagedAttention.PartialFloats(args.Layout, PagedAttention.TileQueries));
    }

    /// <summary>From the first key to the last.</summary>
    public void RunWhole()
    {
        LoadQueries();
        int chunks = (_tile.EndKey - 1) / PagedAttention.ChunkKeys - _tile.FirstKey / PagedAttention.ChunkKeys + 1;
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            Attend(chunk, chunk == 0 ? _running : _next);
            for (int m = 0; m < _tile.Queries && chunk > 0; m++) Merge(m, _running, _next);
        }

        for (int m = 0; m < _tile.Queries; m++) Finish(m, _running);
    }

    /// <summary>One chunk of the keys; what comes of it goes to memory.</summary>
    public void RunChunk(int chunk, float* partial)
    {
        LoadQueries();
        Attend(chunk, Partial(partial));
    }

    /// <summary>Puts a query together from all chunks.</summary>
    public void Combine(int query, int chunks, float* partials)
    {
        long floats = PagedAttention.PartialFloats(_args.Layout, _tile.Queries);
        for (int chunk = 1; chunk < chunks; chunk++) Merge(query, Partial(partials), Partial(partials + chunk * floats));
        Finish(query, Partial(partials));
    }

    private AttentionPartial Partial(float* memory) => new(memory, _tile.Queries, _valueStride);

    private void LoadQueries()
    {
        int size = _args.Layout.KeySize;
        for (int m = 0; m < _tile.Queries; m++)
        {
            int row = _sequence.Row + _tile.Row + m / _tile.Heads;
            Rope.Copy<T>(_args.Q[row] + (long)(_tile.Head + m % _tile.Heads) * size, _q + (long)m * _keyStride, size, _args.Rotation, row);
        }
    }

    private void Attend(int chunk, in AttentionPartial to)
    {
        Start(to);
        int first = (_tile.FirstKey / PagedAttention.ChunkKeys + chunk) * PagedAttention.ChunkKeys;
        int end = Math.Min(_tile.EndKey, first + PagedAttention.ChunkKeys);
        for (int key = Math.Max(first, _tile.FirstKey / Keys * Keys); key < end; key += Keys)
        {
            int count = Math.Min(Keys, end - key);
            if (_tile.Queries <= FewQueries || T.Count == 1)
            {
                ScoreFew(key, count);
            }
            else
            {
                LoadKeys(key, count);
                Score(_q, _keyStride, _k, _args.Layout.KeySize, _tile.Queries, _scores);
            }

            Weigh(key, count, to);
            LoadValues(key, count);
            Accumulate(_scores, _v, _valueStride, count, _tile.Queries, to.Sums);
        }
    }

    private void Start(in AttentionPartial to)
    {
        new Span<float>(to.Sums, ((_tile.Queries + 3) & ~3) * _valueStride).Clear();
        new Span<float>(to.Largest, _tile.Queries).Fill(float.NegativeInfinity);
        new Span<float>(to.Totals, _tile.Queries).Clear();
    }

    /// <summary>Keys of the tile transposed, from as many blocks as it touches; missing keys are zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void LoadKeys(int key, int count)
    {
        float* row = stackalloc float[16];
        float* to = _k;
        int size = _args.Layout.KeySize;
        if (count < Keys) new Span<float>(to, Keys * size).Clear();
        for (int j = 0; j < count; j++)
        {
            KvRow k = _args.Layout.Key<TElement>(_sequence, _tile.KvHead, key + j);
            int i = 0;
            for (; i + T.Count <= size; i += T.Count)
            {
                T.Store(TElement.Load<T>(k, i), row);
                for (int d = 0; d < T.Count; d++) to[(i + d) * Keys + j] = row[d];
            }

            for (; i < size; i++) LanesScalar.Store(TElement.Load<LanesScalar>(k, i), to + i * Keys + j);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void LoadValues(int key, int count)
    {
        float* to = _v;
        int size = _args.Layout.ValueSize;
        for (int j = 0; j < count; j++, to += _valueStride)
        {
            KvRow v = _args.Layout.Value<TElement>(_sequence, _tile.KvHead, key + j);
            int i = 0;
            for (; i + T.Count <= size; i += T.Count) T.Store(TElement.Load<T>(v, i), to + i);
            for (; i < size; i++) LanesScalar.Store(TElement.Load<LanesScalar>(v, i), to + i);
        }
    }

    /// <summary>Query times key, the keys read in place: four queries at a time share each load of a key.</summary>
    private void ScoreFew(int key, int count)
    {
        int size = _args.Layout.KeySize, last = _tile.Queries - 1;
        for (int j = 0; j < count; j++)
        {
            KvRow k = _args.Layout.Key<TElement>(_sequence, _tile.KvHead, key + j);
            if (last == 0) _scores[j] = Dot(k, _q, size);
            // Where fewer are left the last is computed again: to make a number of what is stored costs more than to multiply it.
            for (int m = 0; m <= last && last > 0; m += 4)
                DotFour(k, Query(m), Query(Math.Min(m + 1, last)), Query(Math.Min(m + 2, last)), Query(Math.Min(m + 3, last)), size, _scores + m * Keys + j);
        }
    }

    private float* Query(int m) => _q + (long)m * _keyStride;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DotFour(in KvRow k, float* q0, float* q1, float* q2, float* q3, int size, float* scores)
    {
        T s0 = T.Splat(0f), s1 = s0, s2 = s0, s3 = s0;
        int i = 0;
        for (; i + T.Count <= size; i += T.Count)
        {
            T keys = TElement.Load<T>(k, i);
            s0 = T.MultiplyAdd(keys, T.Load(q0 + i), s0);
            s1 = T.MultiplyAdd(keys, T.Load(q1 + i), s1);
            s2 = T.MultiplyAdd(keys, T.Load(q2 + i), s2);
            s3 = T.MultiplyAdd(keys, T.Load(q3 + i), s3);
        }

        scores[0] = T.Sum(s0) + Rest(k, q0, i, size);
        scores[Keys] = T.Sum(s1) + Rest(k, q1, i, size);
        scores[2 * Keys] = T.Sum(s2) + Rest(k, q2, i, size);
        scores[3 * Keys] = T.Sum(s3) + Rest(k, q3, i, size);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Dot(in KvRow k, float* q, int size)
    {
        T sum = T.Splat(0f);
        int i = 0;
        for (; i + T.Count <= size; i += T.Count) sum = T.MultiplyAdd(TElement.Load<T>(k, i), T.Load(q + i), sum);
        return T.Sum(sum) + Rest(k, q, i, size);
    }

    private static float Rest(in KvRow k, float* q, int i, int size)
    {
        LanesScalar sum = default;
        for (; i < size; i++) sum = LanesScalar.MultiplyAdd(TElement.Load<LanesScalar>(k, i), LanesScalar.Load(q + i), sum);
        return LanesScalar.Sum(sum);
    }

    /// <summary>
    /// Query times key for all keys of the tile: two queries and two registers of keys at a time. Summed in the order of
    /// <see cref="Dot"/>, columns as far apart as a register is wide, then those by halves: so a row is the same to the last bit
    /// among few rows and among many.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Score(float* q, int stride, float* transposed, int size, int queries, float* scores)
    {
        // Sums of 2, 4, 8 columns that wait for those that they are added to.
        byte* memory = stackalloc byte[4 * 4 * sizeof(T) + 64];
        T* waiting = (T*)(((nint)memory + 63) & ~63);
        int half = T.Count / 2, whole = size - size % T.Count;
        for (int m = 0; m < queries; m += 2)
        {
            // Where one is left it is computed twice.
            float* q0 = q + (long)m * stride, q1 = q + (long)Math.Min(m + 1, queries - 1) * stride;
            for (int lane = 0; lane < Keys; lane += 2 * T.Count)
            {
                T s0 = T.Splat(0f), s1 = s0, s2 = s0, s3 = s0, t0, t1, t2, t3;
                T* sums = waiting;
                for (int i = 0; i < half; i++, sums += 4)
                {
                    t0 = t1 = t2 = t3 = s0 = s1 = s2 = s3 = T.Splat(0f);
                    int first = Reversed[i] * T.Count / 16;
                    float* k = transposed + lane + first * Keys;
                    for (int d = first; d < whole; d += T.Count, k += Keys * T.Count)
                    {
                        MultiplyAdd(k, q0 + d, q1 + d, ref s0, ref s1, ref s2, ref s3);
                        MultiplyAdd(k + Keys * half, q0 + d + half, q1 + d + half, ref t0, ref t1, ref t2, ref t3);
                    }

                    Add(ref s0, ref s1, ref s2, ref s3, t0, t1, t2, t3);
                    for (int pairs = i; (pairs & 1) != 0; pairs >>= 1)
                    {
                        sums -= 4;
                        Add(ref s0, ref s1, ref s2, ref s3, sums[0], sums[1], sums[2], sums[3]);
                    }

                    sums[0] = s0;
                    sums[1] = s1;
                    sums[2] = s2;
                    sums[3] = s3;
                }

                if (whole < size)
                {
                    t0 = t1 = t2 = t3 = T.Splat(0f);
                    for (int d = whole; d < size; d++) MultiplyAdd(transposed + lane + d * Keys, q0 + d, q1 + d, ref t0, ref t1, ref t2, ref t3);
                    Add(ref s0, ref s1, ref s2, ref s3, t0, t1, t2, t3);
                }

                float* to = scores + m * Keys + lane;
                T.Store(s0, to);
                T.Store(s1, to + T.Count);
                T.Store(s2, to + Keys);
                T.Store(s3, to + Keys + T.Count);
            }
        }
    }

    /// <summary>The first half of the numbers of four bits, read backwards: columns in the order in which halves are added.</summary>
    private static ReadOnlySpan<byte> Reversed => [0, 4, 2, 6, 1, 5, 3, 7];

    /// <summary>Adds a column of two registers of keys times two queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyAdd(float* k, float* q0, float* q1, ref T s0, ref T s1, ref T s2, ref T s3)
    {
        T k0 = T.Load(k), k1 = T.Load(k + T.Count), x0 = T.Broadcast(q0), x1 = T.Broadcast(q1);
        s0 = T.MultiplyAdd(k0, x0, s0);
        s1 = T.MultiplyAdd(k1, x0, s1);
        s2 = T.MultiplyAdd(k0, x1, s2);
        s3 = T.MultiplyAdd(k1, x1, s3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref T s0, ref T s1, ref T s2, ref T s3, T t0, T t1, T t2, T t3)
    {
        s0 = T.Add(s0, t0);
        s1 = T.Add(s1, t1);
        s2 = T.Add(s2, t2);
        s3 = T.Add(s3, t3);
    }

    /// <summary>Scores to powers under each query's largest score so far; earlier sums shrink where that has grown.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Weigh(int key, int count, in AttentionPartial to)
    {
        for (int m = 0; m < _tile.Queries; m++)
        {
            float* scores = _scores + m * Keys;
            Mask(scores, _sequence.Position + _tile.Row + m / _tile.Heads, key, count);
            T largest = T.Load(scores);
            for (int i = T.Count; i < Keys; i += T.Count) largest = T.Max(largest, T.Load(scores + i));
            float now = MathF.Max(to.Largest[m], T.Maximum(largest));
            // All masked so far: any finite maximum makes the powers zero.
            float under = float.IsNegativeInfinity(now) ? 0 : now;
            T sum = T.Splat(0f);
            for (int i = 0; i < Keys; i += T.Count)
            {
                T power = LaneMath.Exp(T.Subtract(T.Load(scores + i), T.Splat(under)));
                T.Store(power, scores + i);
                sum = T.Add(sum, power);
            }

            float shrink = now > to.Largest[m] ? MathF.Exp(to.Largest[m] - under) : 1;
            to.Totals[m] = to.Totals[m] * shrink + T.Sum(sum);
            to.Largest[m] = now;
            if (shrink != 1) Shrink(to.Sums + (long)m * _valueStride, shrink);
        }
    }

    /// <summary>Scales and bounds a query's scores; keys that it does not see are at minus infinity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Mask(float* scores, int position, int key, int count)
    {
        int end = _args.Causal ? Math.Min(count, position + 1 - key) : count;
        int begin = _args.Window > 0 ? Math.Max(0, position + 1 - _args.Window - key) : 0;
        for (int i = 0; i < Keys; i += T.Count)
        {
            T score = T.Multiply(T.Load(scores + i), T.Splat(_args.Scale));
            if (_args.SoftCap > 0) score = new SoftCapOp(_args.SoftCap).Apply(score);
            T.Store(score, scores + i);
        }

        for (int i = 0; i < Math.Min(begin, Keys); i++) scores[i] = float.NegativeInfinity;
        for (int i = Math.Max(0, end); i < Keys; i++) scores[i] = float.NegativeInfinity;
    }

    private void Shrink(float* sums, float factor)
    {
        for (int i = 0; i < _valueStride; i += T.Count) T.Store(T.Multiply(T.Load(sums + i), T.Splat(factor)), sums + i);
    }

    /// <summary>Adds the values of the tile, weighted: four queries at a time share each load of values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Accumulate(float* powers, float* values, int stride, int count, int queries, float* sums)
    {
        for (int m = 0; m < queries; m += 4)
        {
            float* p = powers + m * Keys, to = sums + (long)m * stride;
            for (int i = 0; i < stride; i += T.Count, to += T.Count)
            {
                T s0 = T.Load(to), s1 = T.Load(to + stride), s2 = T.Load(to + 2 * stride), s3 = T.Load(to + 3 * stride);
                float* v = values + i;
                for (int j = 0; j < count; j++, v += stride)
                {
                    T value = T.Load(v);
                    s0 = T.MultiplyAdd(value, T.Broadcast(p + j), s0);
                    s1 = T.MultiplyAdd(value, T.Broadcast(p + Keys + j), s1);
                    s2 = T.MultiplyAdd(value, T.Broadcast(p + 2 * Keys + j), s2);
                    s3 = T.MultiplyAdd(value, T.Broadcast(p + 3 * Keys + j), s3);
                }

                T.Store(s0, to);
                T.Store(s1, to + stride);
                T.Store(s2, to + 2 * stride);
                T.Store(s3, to + 3 * stride);
            }
        }
    }

    /// <summary>Adds a query's later keys to its earlier ones, both brought under the larger of their largest scores.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Merge(int m, in AttentionPartial earlier, in AttentionPartial later)
    {
        if (float.IsNegativeInfinity(later.Largest[m])) return;
        float now = MathF.Max(earlier.Largest[m], later.Largest[m]);
        float keep = MathF.Exp(earlier.Largest[m] - now), add = MathF.Exp(later.Largest[m] - now);
        earlier.Largest[m] = now;
        earlier.Totals[m] = earlier.Totals[m] * keep + later.Totals[m] * add;
        float* a = earlier.Sums + (long)m * _valueStride, b = later.Sums + (long)m * _valueStride;
        for (int i = 0; i < _valueStride; i += T.Count)
        {
            T.Store(T.MultiplyAdd(T.Load(b + i), T.Splat(add), T.Multiply(T.Load(a + i), T.Splat(keep))), a + i);
        }
    }

    /// <summary>A sink is one score more, whose value is zero.</summary>
    private void Finish(int m, in AttentionPartial from)
    {
        int size = _args.Layout.ValueSize;
        float total = from.Totals[m], keep = 1;
        if (_args.Sinks != null)
        {
            float sink = _args.Sinks[_tile.Head + m % _tile.Heads], now = MathF.Max(from.Largest[m], sink);
            keep = MathF.Exp(from.Largest[m] - now);
            total = total * keep + MathF.Exp(sink - now);
        }

        float inverse = total > 0 ? keep / total : 0;
        float* to = _args.Y[_sequence.Row + _tile.Row + m / _tile.Heads] + (long)(_tile.Head + m % _tile.Heads) * size;
        Rows x = new(from.Sums + (long)m * _valueStride, 0), y = new(to, 0);
        Elementwise.Map<T, ScaleOp>(x, y, new Area(0, 1, 0, size), new ScaleOp(inverse));
    }
}
