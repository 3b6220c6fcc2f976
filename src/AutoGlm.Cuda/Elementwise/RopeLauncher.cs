using AutoGlm.Cuda.Modules;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cuda.Elementwise;

/// <summary>RopeArgs of rope.cu.</summary>
internal struct RopeArgs
{
    /// <summary>Queries, keys and values; each may be 0.</summary>
    public nint Q, K, V;

    /// <summary>Rotated queries, which may be where they were; rotated keys as rows too, or 0.</summary>
    public nint QOut, KOut;

    /// <summary>Gains [key size] of each head's RMSNorm, which comes first; or 0.</summary>
    public nint QGain, KGain;

    /// <summary>Per row: its position, negative where it is none; and where its sequence's block table begins.</summary>
    public nint Positions, RowTables;
    public nint Tables;

    /// <summary>ulong [pairs]: see <see cref="RopeLauncher.Turns"/>.</summary>
    public nint Turns;

    /// <summary>KV block 0, or 0 to store nothing.</summary>
    public nint Kv;
    public long BlockBytes, KeyOffset, KeyScaleOffset, ValueOffset, ValueScaleOffset;
    public int QStride, KStride, VStride, QOutStride, KOutStride;
    public int Heads, KvHeads, KeySize, ValueSize, BlockTokens, Pairs, Interleaved, Rows;
    public float Magnitude, Epsilon;
}

/// <summary>Norms of heads, rotary position embedding and the write of keys and values to their blocks, in one launch.</summary>
internal sealed class RopeLauncher(KernelLibrary kernels)
{
    // A warp turns a head, in shared memory of its own.
    private const int Warps = 4;

    private readonly CudaFunction _single = kernels.Get("rope_store_f32");
    private readonly CudaFunction _half = kernels.Get("rope_store_f16");
    private readonly CudaFunction _bytes = kernels.Get("rope_store_q8_0");

    /// <summary>Whole turns of 2^64 per position, so that positions times turns wrap around without losing precision.</summary>
    /// <param name="inverseFrequencies">Radians per position.</param>
    public static ulong[] Turns(ReadOnlySpan<float> inverseFrequencies)
    {
        ulong[] turns = new ulong[inverseFrequencies.Length];
        for (int i = 0; i < turns.Length; i++)
        {
            double turn = inverseFrequencies[i] / (2 * Math.PI);
            turns[i] = (ulong)Math.Round(Math.ScaleB(turn - Math.Floor(turn), 63)) << 1;
        }

        return turns;
    }

    /// <param name="stream">Where.</param>
    /// <param name="args">What; rows of the batch are counted in it.</param>
    /// <param name="type">Type of keys and values in blocks; any where nothing is stored.</param>
    /// <param name="overlap">True to let it start while the kernel before it ends.</param>
    public void Launch(CudaStream stream, in RopeArgs args, KvType type, bool overlap = false)
    {
        CudaFunction function = type switch { KvType.F32 => _single, KvType.F16 => _half, _ => _bytes };
        long jobs = (long)args.Rows * ((args.Q == 0 ? 0 : args.Heads) + (args.K == 0 ? 0 : args.KvHeads) + (args.V == 0 ? 0 : args.KvHeads));
        function.Launch(stream, new Grid(Grid.Cover(jobs, Warps)), Warps * 32, Warps * Math.Max(args.KeySize, args.ValueSize) * sizeof(float), args, overlap);
    }
}
