using System.Runtime.CompilerServices;

namespace AutoGlm.Cpu.Kernels;

/// <summary>One work item of <see cref="PagedAttention"/>.</summary>
internal static unsafe class AttentionKernel<T, TElement>
    where T : unmanaged, ILanes<T>
    where TElement : struct, IKvElement<TElement>
{
    private const int Keys = PagedAttention.TileKeys;

    /// <summary>Up to so many queries transposing the keys costs more than it saves.</summary>
    private const int FewQueries = 8;

    /// <summary>Scratch of an item. Query m is row m / heads, head m % heads of the tile.</summary>
    private struct State
    {
        /// <summary>[key dimension][key].</summary>
        public float* K;

        /// <summary>[key][value dimension], rows <see cref="ValueStride"/> apart.</summary>
        public float* V;

        /// <summary>[query][key].</summary>
        public float* Scores;

        /// <summary>[query][value dimension]: weighted sums under the maximum so far.</summary>
        public float* Sums;

        /// <summary>[query]: largest score so far, and sum of the powers under it.</summary>
        public float* Largest, Total;

        public int ValueStride;
    }

    public static void Run(in AttentionArgs args, in QueryRows sequence, in AttentionTile tile, float* scratch)
    {
        State state = Carve(args, scratch);
        Start(args, tile, state);
        int last = args.Causal ? sequence.Position + tile.Row + tile.Rows : sequence.Position + sequence.Rows;
        int first = args.Window > 0 ? Math.Max(0, sequence.Position + tile.Row - args.Window + 1) : 0;
        for (int key = first; key < last; key += Keys)
        {
            int count = Math.Min(Keys, last - key);
            GatherValues(args.Layout, sequence, tile.KvHead, key, count, state);
            if (tile.Queries <= FewQueries)
            {
                ScoreFew(args, sequence, tile, key, count, state);
            }
            else
            {
                GatherKeys(args.Layout, sequence, tile.KvHead, key, count, state);
                Score(args, sequence, tile, state);
            }

            Weigh(args, sequence, tile, key, count, state);
            Accumulate(args, tile, count, state);
        }

        Finish(args, sequence, tile, state);
    }

    private static State Carve(in AttentionArgs args, float* scratch)
    {
        int stride = PagedAttention.Padded(args.Layout.ValueSize);
        State state = new() { ValueStride = stride, K = scratch };
        state.V = state.K + (long)Keys * args.Layout.KeySize;
        state.Scores = state.V + (long)Keys * stride;
        state.Sums = state.Scores + PagedAttention.TileQueries * Keys;
        state.Largest = state.Sums + (long)PagedAttention.TileQueries * stride;
        state.Total = state.Largest + PagedAttention.TileQueries;
        return state;
    }

    /// <summary>A sink is a score seen before all others, whose value is zero.</summary>
    private static void Start(in AttentionArgs args, in AttentionTile tile, in State state)
    {
        new Span<float>(state.Sums, tile.Queries * state.ValueStride).Clear();
        for (int m = 0; m < tile.Queries; m++)
        {
            state.Largest[m] = args.Sinks == null ? float.NegativeInfinity : args.Sinks[tile.Head + m % tile.Heads];
            state.Total[m] = args.Sinks == null ? 0 : 1;
        }
    }

    /// <summary>Keys of the tile transposed, from as many blocks as it touches; missing keys are zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void GatherKeys(in KvView layout, in QueryRows sequence, int head, int key, int count, in State state)
    {
        float* row = stackalloc float[16];
        if (count < Keys) new Span<float>(state.K, Keys * layout.KeySize).Clear();
        for (int j = 0; j < count; j++)
        {
            byte* k = Key(layout, sequence, head, key + j);
            int i = 0;
            for (; i + T.Count <= layout.KeySize; i += T.Count)
            {
                T.Store(TElement.Load<T>(k + i * TElement.Bytes), row);
                for (int d = 0; d < T.Count; d++) state.K[(i + d) * Keys + j] = row[d];
            }

            for (; i < layout.KeySize; i++) LanesScalar.Store(TElement.Load<LanesScalar>(k + i * TElement.Bytes), state.K + i * Keys + j);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void GatherValues(in KvView layout, in QueryRows sequence, int head, int key, int count, in State state)
    {
        long headOffset = layout.ValueOffset + (long)head * layout.BlockTokens * layout.ValueStride * TElement.Bytes;
        for (int j = 0; j < count; j++)
        {
            (int block, int token) = Math.DivRem(key + j, layout.BlockTokens);
            byte* v = sequence.Blocks[block] + headOffset + (long)token * layout.ValueStride * TElement.Bytes;
            float* to = state.V + (long)j * state.ValueStride;
            int i = 0;
            for (; i + T.Count <= layout.ValueSize; i += T.Count) T.Store(TElement.Load<T>(v + i * TElement.Bytes), to + i);
            for (; i < layout.ValueSize; i++) LanesScalar.Store(TElement.Load<LanesScalar>(v + i * TElement.Bytes), to + i);
        }
    }

    private static byte* Key(in KvView layout, in QueryRows sequence, int head, int key)
    {
        (int block, int token) = Math.DivRem(key, layout.BlockTokens);
        return sequence.Blocks[block] + layout.KeyOffset + ((long)head * layout.BlockTokens + token) * layout.KeySize * TElement.Bytes;
    }

    /// <summary>Query times key, the keys read in place: four queries at a time share each load of a key.</summary>
    private static void ScoreFew(in AttentionArgs args, in QueryRows sequence, in AttentionTile tile, int key, int count, in State state)
    {
        int size = args.Layout.KeySize, queries = tile.Queries;
        for (int j = 0; j < count; j++)
        {
            byte* k = Key(args.Layout, sequence, tile.KvHead, key + j);
            int m = 0;
            for (; m + 4 <= queries; m += 4)
            {
                DotFour(k, Query(args, sequence, tile, m), Query(args, sequence, tile, m + 1), Query(args, sequence, tile, m + 2),
                    Query(args, sequence, tile, m + 3), size, state.Scores + m * Keys + j);
            }

            for (; m < queries; m++) state.Scores[m * Keys + j] = Dot(k, Query(args, sequence, tile, m), size);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DotFour(byte* k, float* q0, float* q1, float* q2, float* q3, int size, float* scores)
    {
        T s0 = T.Splat(0f), s1 = s0, s2 = s0, s3 = s0;
        int i = 0;
        for (; i + T.Count <= size; i += T.Count)
        {
            T keys = TElement.Load<T>(k + i * TElement.Bytes);
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
    private static float Dot(byte* k, float* q, int size)
    {
        T sum = T.Splat(0f);
        int i = 0;
        for (; i + T.Count <= size; i += T.Count) sum = T.MultiplyAdd(TElement.Load<T>(k + i * TElement.Bytes), T.Load(q + i), sum);
        return T.Sum(sum) + Rest(k, q, i, size);
    }

    private static float Rest(byte* k, float* q, int i, int size)
    {
        LanesScalar sum = default;
        for (; i < size; i++) sum = LanesScalar.MultiplyAdd(TElement.Load<LanesScalar>(k + i * TElement.Bytes), LanesScalar.Load(q + i), sum);
        return LanesScalar.Sum(sum);
    }

    /// <summary>Query times key for all keys of the tile: four queries at a time share each load of keys.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Score(in AttentionArgs args, in QueryRows sequence, in AttentionTile tile, in State state)
    {
        int size = args.Layout.KeySize, queries = tile.Queries;
        for (int m = 0; m < queries; m += 4)
        {
            // Where fewer are left the last is computed again.
            float* q0 = Query(args, sequence, tile, m), q1 = Query(args, sequence, tile, Math.Min(m + 1, queries - 1));
            float* q2 = Query(args, sequence, tile, Math.Min(m + 2, queries - 1)), q3 = Query(args, sequence, tile, Math.Min(m + 3, queries - 1));
            for (int lane = 0; lane < Keys; lane += T.Count)
            {
                T s0 = T.Splat(0f), s1 = s0, s2 = s0, s3 = s0;
                float* k = state.K + lane;
                for (int d = 0; d < size; d++, k += Keys)
                {
                    T keys = T.Load(k);
                    s0 = T.MultiplyAdd(keys, T.Broadcast(q0 + d), s0);
                    s1 = T.MultiplyAdd(keys, T.Broadcast(q1 + d), s1);
                    s2 = T.MultiplyAdd(keys, T.Broadcast(q2 + d), s2);
                    s3 = T.MultiplyAdd(keys, T.Broadcast(q3 + d), s3);
                }

                float* to = state.Scores + m * Keys + lane;
                T.Store(s0, to);
                T.Store(s1, to + Keys);
                T.Store(s2, to + 2 * Keys);
                T.Store(s3, to + 3 * Keys);
            }
        }
    }

    private static float* Query(in AttentionArgs args, in QueryRows sequence, in AttentionTile tile, int m) =>
        args.Q[sequence.Row + tile.Row + m / tile.Heads] + (long)(tile.Head + m % tile.Heads) * args.Layout.KeySize;

    /// <summary>Scores to powers under each query's largest score so far; earlier sums shrink where that has grown.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Weigh(in AttentionArgs args, in QueryRows sequence, in AttentionTile tile, int key, int count, in State state)
    {
        for (int m = 0; m < tile.Queries; m++)
        {
            float* scores = state.Scores + m * Keys;
            int position = sequence.Position + tile.Row + m / tile.Heads;
            int end = args.Causal ? Math.Min(count, position + 1 - key) : count;
            int begin = args.Window > 0 ? Math.Max(0, position + 1 - args.Window - key) : 0;
            T largest = T.Splat(float.NegativeInfinity);
            for (int i = 0; i < Keys; i += T.Count)
            {
                T score = T.Multiply(T.Load(scores + i), T.Splat(args.Scale));
                if (args.SoftCap > 0) score = new SoftCapOp(args.SoftCap).Apply(score);
                T.Store(score, scores + i);
            }

            for (int i = 0; i < Math.Min(begin, Keys); i++) scores[i] = float.NegativeInfinity;
            for (int i = Math.Max(0, end); i < Keys; i++) scores[i] = float.NegativeInfinity;
            for (int i = 0; i < Keys; i += T.Count) largest = T.Max(largest, T.Load(scores + i));
            float now = MathF.Max(state.Largest[m], T.Maximum(largest));
            // All masked so far: any finite maximum makes the powers zero.
            float under = float.IsNegativeInfinity(now) ? 0 : now;
            T sum = T.Splat(0f);
            for (int i = 0; i < Keys; i += T.Count)
            {
                T power = LaneMath.Exp(T.Subtract(T.Load(scores + i), T.Splat(under)));
                T.Store(power, scores + i);
                sum = T.Add(sum, power);
            }

            float shrink = now > state.Largest[m] ? MathF.Exp(state.Largest[m] - under) : 1;
            state.Total[m] = state.Total[m] * shrink + T.Sum(sum);
            state.Largest[m] = now;
            if (shrink == 1) continue;
            float* sums = state.Sums + (long)m * state.ValueStride;
            for (int i = 0; i < state.ValueStride; i += T.Count) T.Store(T.Multiply(T.Load(sums + i), T.Splat(shrink)), sums + i);
        }
    }

    /// <summary>Adds the values of the tile, weighted: four queries at a time share each load of values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Accumulate(in AttentionArgs args, in AttentionTile tile, int count, in State state)
    {
        int stride = state.ValueStride;
        for (int m = 0; m < tile.Queries; m += 4)
        {
            float* p = state.Scores + m * Keys, to = state.Sums + (long)m * stride;
            for (int i = 0; i < stride; i += T.Count, to += T.Count)
            {
                T s0 = T.Load(to), s1 = T.Load(to + stride), s2 = T.Load(to + 2 * stride), s3 = T.Load(to + 3 * stride);
                float* v = state.V + i;
                for (int j = 0; j < count; j++, v += stride)
                {
                    T values = T.Load(v);
                    s0 = T.MultiplyAdd(values, T.Broadcast(p + j), s0);
                    s1 = T.MultiplyAdd(values, T.Broadcast(p + Keys + j), s1);
                    s2 = T.MultiplyAdd(values, T.Broadcast(p + 2 * Keys + j), s2);
                    s3 = T.MultiplyAdd(values, T.Broadcast(p + 3 * Keys + j), s3);
                }

                T.Store(s0, to);
                T.Store(s1, to + stride);
                T.Store(s2, to + 2 * stride);
                T.Store(s3, to + 3 * stride);
            }
        }
    }

    private static void Finish(in AttentionArgs args, in QueryRows sequence, in AttentionTile tile, in State state)
    {
        int size = args.Layout.ValueSize;
        for (int m = 0; m < tile.Queries; m++)
        {
            float inverse = state.Total[m] > 0 ? 1 / state.Total[m] : 0;
            float* from = state.Sums + (long)m * state.ValueStride;
            float* to = args.Y[sequence.Row + tile.Row + m / tile.Heads] + (long)(tile.Head + m % tile.Heads) * size;
            Rows x = new(from, 0), y = new(to, 0);
            Elementwise.Map<T, ScaleOp>(x, y, new Area(0, 1, 0, size), new ScaleOp(inverse));
        }
    }
}
