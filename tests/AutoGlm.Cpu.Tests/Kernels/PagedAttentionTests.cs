using System.Runtime.InteropServices;
using AutoGlm.Cpu.Reference;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cpu.Tests.Kernels;

public sealed unsafe class PagedAttentionTests
{
    private sealed record Shape(int KvHeads, int Group, int KeySize, int ValueSize, int BlockTokens, int[] Past, int[] New)
    {
        public int Window { get; init; }

        public float SoftCap { get; init; }

        public bool Sinks { get; init; }

        public bool Causal { get; init; } = true;

        public bool ValuesAreKeys { get; init; }

        /// <summary>True where heads are whole groups of quantised numbers.</summary>
        public bool IsGrouped => KeySize % KvLayout.GroupLength == 0 && ValueSize % KvLayout.GroupLength == 0;

        public int Threads { get; init; } = 2;
    }

    private static readonly Shape[] Shapes =
    [
        new(1, 1, 16, 16, 16, [0], [1]),
        new(2, 4, 64, 64, 16, [37], [1]),
        new(2, 4, 64, 64, 32, [0], [70]) { Threads = 3 },
        new(3, 1, 80, 80, 16, [5, 0, 100], [1, 33, 4]),
        new(1, 7, 128, 128, 32, [64, 31], [3, 1]) { Threads = 1 },
        new(2, 3, 48, 20, 16, [11], [19]) { Window = 8 },
        new(2, 2, 32, 32, 16, [90], [40]) { Window = 33, Sinks = true },
        new(1, 8, 64, 64, 32, [128], [2]) { Sinks = true, Threads = 4 },
        new(2, 1, 96, 96, 16, [17], [5]) { SoftCap = 5 },
        new(2, 2, 24, 24, 16, [0], [21]) { Causal = false },
        new(1, 40, 576, 512, 16, [50], [2]) { ValuesAreKeys = true },
        new(2, 3, 64, 32, 16, [300, 127, 128], [1, 1, 1]) { Threads = 3 },
        new(1, 2, 32, 64, 16, [250], [9]) { Window = 140, Sinks = true, Threads = 3 },
        new(1, 20, 64, 32, 32, [400], [1]) { ValuesAreKeys = true, Threads = 4 },
    ];

    public static TheoryData<string, string, int> Cases
    {
        get
        {
            TheoryData<string, string, int> data = [];
            foreach (KernelIsa isa in KernelIsas.Supported)
            {
                foreach (KvType type in Enum.GetValues<KvType>())
                {
                    for (int i = 0; i < Shapes.Length; i++)
                    {
                        if (type != KvType.Q8_0 || Shapes[i].IsGrouped) data.Add(isa.ToString(), type.ToString(), i);
                    }
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Equals_softmax_over_the_whole_context(string isa, string type, int shape)
    {
        Random random = new(shape);
        using Batch batch = new(Shapes[shape], Enum.Parse<KvType>(type), random);
        batch.Run(KernelData.Set(isa));
        double[] expected = batch.Expected();
        Assert.InRange(KernelData.RelativeError(batch.Y.Span, expected), 0, 1e-5);

        float[] whole = batch.Y.Span.ToArray();
        batch.Y.Span.Clear();
        batch.Attend(KernelData.Set(isa), split: true);
        Assert.Equal(whole, batch.Y.Span.ToArray());
        if (!Shapes[shape].Causal) return;

        batch.Y.Span.Clear();
        batch.Attend(KernelData.Set(isa), split: false, rowByRow: true);
        Assert.Equal(whole, batch.Y.Span.ToArray());
    }

    /// <summary>Sequences with scattered blocks, their past written as single rows and their new rows together.</summary>
    private sealed class Batch : IDisposable
    {
        private const float Scale = 0.2f;
        private readonly Shape _shape;
        private readonly KvView _layout;
        private readonly List<nint> _memory = [];
        private readonly QueryRows[] _sequences;
        private readonly float[][] _keys, _values;
        private readonly NativeFloats _q, _sinks;
        private readonly int _rows;

        public Batch(Shape shape, KvType type, Random random)
        {
            _shape = shape;
            int valueStride = shape.ValuesAreKeys ? shape.KeySize : shape.ValueSize;
            long keys = Padded((long)shape.KvHeads * shape.BlockTokens * shape.KeySize * KvLayout.ElementBytes(type));
            long keyScales = Padded((long)shape.KvHeads * shape.BlockTokens * shape.KeySize / KvLayout.GroupLength * sizeof(ushort));
            long values = Padded((long)shape.KvHeads * shape.BlockTokens * valueStride * KvLayout.ElementBytes(type));
            long valueOffset = shape.ValuesAreKeys ? 64 : 64 + keys + keyScales;
            _layout = new KvView
            {
                Type = type,
                BlockTokens = shape.BlockTokens,
                KvHeads = shape.KvHeads,
                KeySize = shape.KeySize,
                ValueSize = shape.ValueSize,
                ValueStride = valueStride,
                KeyOffset = 64,
                KeyScaleOffset = 64 + keys,
                ValueOffset = valueOffset,
                ValueScaleOffset = valueOffset + values,
            };
            long blockBytes = 64 + 2 * (keys + values);
            _rows = shape.New.Sum();
            _sequences = new QueryRows[shape.Past.Length];
            _keys = new float[_sequences.Length][];
            _values = new float[_sequences.Length][];
            for (int s = 0, row = 0; s < _sequences.Length; row += shape.New[s], s++)
            {
                int tokens = shape.Past[s] + shape.New[s];
                _sequences[s] = new QueryRows { Row = row, Rows = shape.New[s], Position = shape.Past[s], Blocks = Blocks((tokens + shape.BlockTokens - 1) / shape.BlockTokens, blockBytes) };
                _keys[s] = Rounded(type, KernelData.Normal(random, tokens * shape.KvHeads * shape.KeySize));
                _values[s] = Rounded(type, KernelData.Normal(random, tokens * shape.KvHeads * shape.ValueSize));
            }

            int heads = shape.KvHeads * shape.Group;
            _q = new NativeFloats(KernelData.Normal(random, _rows * heads * shape.KeySize));
            _sinks = new NativeFloats(KernelData.Normal(random, heads));
            Y = new NativeFloats(_rows * heads * shape.ValueSize);
        }

        public NativeFloats Y { get; }

        public void Run(KernelSet set)
        {
            for (int s = 0; s < _sequences.Length; s++)
            {
                QueryRows sequence = _sequences[s];
                for (int token = 0; token < sequence.Position; token++) Write(set, s, sequence with { Row = 0, Rows = 1, Position = token });
                Write(set, s, sequence with { Row = 0 });
            }

            Attend(set, split: false);
        }

        public void Attend(KernelSet set, bool split, bool rowByRow = false)
        {
            QueryRows[] all = rowByRow ? [.. _sequences.SelectMany(rows => Enumerable.Range(0, rows.Rows).Select(i => rows with { Row = rows.Row + i, Rows = 1, Position = rows.Position + i }))] : _sequences;
            using NativeFloats scratch = new(PagedAttention.ScratchFloats(_layout) * _shape.Threads);
            fixed (QueryRows* sequences = all)
            {
                AttentionArgs args = new()
                {
                    Layout = _layout,
                    Sequences = sequences,
                    SequenceCount = all.Length,
                    Q = _q.Rows(_shape.KvHeads * _shape.Group * _shape.KeySize),
                    Y = Y.Rows(_shape.KvHeads * _shape.Group * _shape.ValueSize),
                    Heads = _shape.KvHeads * _shape.Group,
                    Scale = Scale,
                    SoftCap = _shape.SoftCap,
                    Window = _shape.Window,
                    Causal = _shape.Causal,
                    Sinks = _shape.Sinks ? _sinks.Data : null,
                    Scratch = scratch.Data,
                };
                using NativeFloats partials = new(PagedAttention.PartialFloats(args));
                args.Partials = partials.Data;
                foreach (AttentionPhase phase in split ? [AttentionPhase.Chunks, AttentionPhase.Combine] : new[] { AttentionPhase.Whole })
                {
                    for (int thread = 0; thread < _shape.Threads; thread++) set.Attention(args, phase, thread, _shape.Threads);
                }
            }
        }

        public double[] Expected()
        {
            int heads = _shape.KvHeads * _shape.Group, size = _shape.ValueSize;
            double[] y = new double[_rows * heads * size];
            for (int s = 0; s < _sequences.Length; s++)
            {
                for (int i = 0; i < _sequences[s].Rows * heads; i++) Row(s, i / heads, i % heads, y.AsSpan(((_sequences[s].Row * heads) + i) * size, size));
            }

            return y;
        }

        public void Dispose()
        {
            foreach (nint memory in _memory) NativeMemory.AlignedFree((void*)memory);
            _q.Dispose();
            _sinks.Dispose();
            Y.Dispose();
        }

        private void Row(int s, int row, int head, Span<double> y)
        {
            QueryRows sequence = _sequences[s];
            int position = sequence.Position + row, kvHead = head / _shape.Group;
            int end = _shape.Causal ? position + 1 : sequence.Position + sequence.Rows;
            int begin = _shape.Window > 0 ? Math.Max(0, position + 1 - _shape.Window) : 0;
            double total = _shape.Sinks ? Math.Exp(_sinks[head]) : 0;
            ReadOnlySpan<float> q = _q.Span.Slice(((sequence.Row + row) * _shape.KvHeads * _shape.Group + head) * _shape.KeySize, _shape.KeySize);
            for (int token = begin; token < end; token++)
            {
                double score = 0;
                for (int i = 0; i < q.Length; i++) score += (double)q[i] * _keys[s][(token * _shape.KvHeads + kvHead) * q.Length + i];
                score *= Scale;
                if (_shape.SoftCap > 0) score = _shape.SoftCap * Math.Tanh(score / _shape.SoftCap);
                double power = Math.Exp(score);
                total += power;
                for (int i = 0; i < y.Length; i++)
                {
                    y[i] += power * (_shape.ValuesAreKeys
                        ? _keys[s][(token * _shape.KvHeads + kvHead) * _shape.KeySize + i]
                        : _values[s][(token * _shape.KvHeads + kvHead) * _shape.ValueSize + i]);
                }
            }

            for (int i = 0; i < y.Length; i++) y[i] /= total;
        }

        private void Write(KernelSet set, int s, QueryRows sequence)
        {
            int keyRow = _shape.KvHeads * _shape.KeySize, valueRow = _shape.KvHeads * _shape.ValueSize;
            fixed (float* keys = _keys[s], values = _values[s])
            {
                KvWriteArgs args = new()
                {
                    Layout = _layout,
                    Sequences = &sequence,
                    SequenceCount = 1,
                    Keys = new Rows(keys + (long)sequence.Position * keyRow, keyRow),
                    Values = new Rows(values + (long)sequence.Position * valueRow, valueRow),
                };
                for (int thread = 0; thread < _shape.Threads; thread++) set.WriteKv(args, thread, _shape.Threads);
            }
        }

        private byte** Blocks(int count, long bytes)
        {
            byte** table = (byte**)NativeMemory.AlignedAlloc((nuint)(count * sizeof(byte*)), 64);
            _memory.Add((nint)table);
            for (int i = count - 1; i >= 0; i--)
            {
                table[i] = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 64);
                new Span<byte>(table[i], (int)bytes).Fill(0xFF);
                _memory.Add((nint)table[i]);
            }

            return table;
        }

        private static long Padded(long bytes) => (bytes + 63) & ~63L;

        /// <summary>What is left of numbers once they have been stored; rows are whole groups where there are groups.</summary>
        private static float[] Rounded(KvType type, float[] values)
        {
            byte[] numbers = new byte[values.Length * sizeof(float)];
            Half[] scales = new Half[values.Length / KvLayout.GroupLength + 1];
            fixed (byte* stored = numbers)
            fixed (Half* storedScales = scales)
            {
                ReferenceKv.Write(values, stored, storedScales, type);
                return ReferenceKv.Read(stored, storedScales, values.Length, type);
            }
        }
    }
}
