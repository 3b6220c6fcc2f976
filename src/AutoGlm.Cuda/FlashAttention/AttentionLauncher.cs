using AutoGlm.Cuda.Memory;
using AutoGlm.Cuda.Modules;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Cuda.FlashAttention;

/// <summary>
/// Attention of all layers of one shape and window. In each step <see cref="Send"/> brings the batch's tiles to the card, then
/// <see cref="Launch"/> queues each layer. Scratch memory and tiles stay where they are, so that launches can be captured into a
/// CUDA graph, for a batch whose sequences have one row each.
/// </summary>
internal sealed class AttentionLauncher : IDisposable
{
    private readonly AttentionShape _shape;
    private readonly int _fewTiles;
    private readonly Half _few;
    private readonly Half _many;

    /// <param name="device">The card.</param>
    /// <param name="kernels">Its kernels.</param>
    /// <param name="shape">The layers' shape.</param>
    /// <param name="type">Type of keys and values.</param>
    /// <param name="blockTokens">Tokens of a KV block.</param>
    /// <param name="maxRows">The most rows of a batch.</param>
    /// <exception cref="NotSupportedException">No kernel fits the shape on this card.</exception>
    public AttentionLauncher(CudaDevice device, KernelLibrary kernels, AttentionShape shape, KvType type, int blockTokens, int maxRows)
    {
        _shape = shape;
        _fewTiles = device.Tuning.AttentionFewTiles;
        (AttentionVariant few, AttentionVariant many) = AttentionVariant.Choose(device, kernels.Contains, shape, type, blockTokens);
        _few = new Half(device, kernels, few, shape, maxRows);
        _many = many == few ? _few : new Half(device, kernels, many, shape, maxRows);
    }

    /// <summary>Bytes of scratch memory.</summary>
    public long Bytes => _few.Bytes + (_many == _few ? 0 : _many.Bytes);

    /// <summary>Tiles of the batch's sequences with few rows.</summary>
    public int FewTiles => _few.Plan.Count;

    /// <summary>Plans a batch and queues the copy of its tiles; of the copies before, all but the last must be done.</summary>
    public void Send(CudaStream stream, ForwardBatch batch)
    {
        _few.Plan.Clear();
        _many.Plan.Clear();
        foreach (ref readonly BatchSequence sequence in batch.Sequences) HalfOf(sequence).Plan.Add(sequence);
        _few.Send(stream);
        if (_many != _few) _many.Send(stream);
    }

    /// <summary>Queues a layer.</summary>
    /// <param name="stream">Where.</param>
    /// <param name="args">Queries, output, blocks and tables, offsets of the layer in a block, strides, sinks and block size; the rest is filled in here.</param>
    /// <param name="graphRows">0, or the rows of the CUDA graph that is captured: the launch then serves every batch of at most so many sequences of one row.</param>
    /// <param name="overlap">True to let it start while the kernel before it ends.</param>
    /// <param name="graphTiles">The most tiles of those batches.</param>
    public void Launch(CudaStream stream, AttentionArgs args, int graphRows = 0, bool overlap = false, int graphTiles = int.MaxValue)
    {
        args.KvHeads = _shape.KvHeads;
        args.Group = _shape.Heads / _shape.KvHeads;
        (args.KeySize, args.ValueSize) = (_shape.KeySize, _shape.ValueSize);
        (args.Window, args.Scale, args.SoftCap) = (_shape.Window, _shape.Scale, _shape.SoftCap);
        _few.Launch(stream, args, graphRows, overlap, graphTiles);
        if (_many != _few && graphRows == 0) _many.Launch(stream, args, 0, overlap, 0);
    }

    public void Dispose()
    {
        _few.Dispose();
        _many.Dispose();
    }

    private Half HalfOf(in BatchSequence sequence)
    {
        int heads = Math.Min(_shape.Heads / _shape.KvHeads, _few.Rows);
        return sequence.RowCount > 1 && (long)sequence.RowCount * heads > _fewTiles * _few.Rows ? _many : _few;
    }

    /// <summary>One kernel, its plan, and its memory: tiles behind their count, and partial sums.</summary>
    private sealed class Half : IDisposable
    {
        private const int HeaderBytes = 64;

        private readonly AttentionVariant _variant;
        private readonly CudaFunction _function;
        private readonly int _kvHeads;
        private readonly int _capacity;
        private readonly Alternating _host;
        private readonly DeviceBuffer _tiles;
        private readonly DeviceBuffer _scratch;
        private readonly long _stateOffset;
        private readonly long _arrivalsOffset;
        private bool _cleared;

        public Half(CudaDevice device, KernelLibrary kernels, AttentionVariant variant, AttentionShape shape, int maxRows)
        {
            _variant = variant;
            _kvHeads = shape.KvHeads;
            _function = kernels.Get(variant.Name);
            int blocks = device.Multiprocessors * Math.Max(1, _function.BlocksPerMultiprocessor(variant.Threads, variant.SharedBytes));
            Plan = new TilePlan(variant.Rows, variant.LeastKeys, blocks, _kvHeads, shape.Heads / _kvHeads, shape.Window, device.Tuning);
            _capacity = Plan.MaxTiles(maxRows, maxRows);
            long rows = (long)Plan.MaxSlots * _kvHeads * variant.Rows;
            _stateOffset = rows * variant.Columns * sizeof(float);
            _arrivalsOffset = _stateOffset + rows * 2 * sizeof(float);
            _host = new Alternating(device, HeaderBytes + (long)_capacity * TileBytes);
            _tiles = new DeviceBuffer(device, _host.Bytes, "attention's tiles");
            _scratch = new DeviceBuffer(device, _arrivalsOffset + (long)Plan.MaxSlots * _kvHeads * sizeof(int), "attention's scratch memory");
        }

        public TilePlan Plan { get; }

        public int Rows => _variant.Rows;

        public long Bytes => _tiles.Bytes + _scratch.Bytes;

        private static unsafe int TileBytes => sizeof(AttentionTile);

        public void Send(CudaStream stream)
        {
            Plan.Finish();
            if (Plan.Count == 0) return;
            if (!_cleared) stream.Fill(_scratch.Address + (nint)_arrivalsOffset, 0, _scratch.Bytes - _arrivalsOffset);
            _cleared = true;
            PinnedBuffer host = _host.Next();
            host.Span<int>(0, 1)[0] = Plan.Count;
            Plan.Tiles.CopyTo(host.Span<AttentionTile>(HeaderBytes, Plan.Count));
            stream.Upload(_tiles.Address, host.Address, HeaderBytes + (long)Plan.Count * TileBytes);
        }

        public void Launch(CudaStream stream, AttentionArgs args, int graphRows, bool overlap, int graphTiles)
        {
            int tiles = graphRows == 0 ? Plan.Count : Math.Min(graphTiles, Plan.MaxTiles(graphRows, graphRows));
            if (tiles == 0) return;
            args.TileCount = _tiles.Address;
            args.Tiles = _tiles.Address + HeaderBytes;
            args.Partial = _scratch.Address;
            args.PartialState = _scratch.Address + (nint)_stateOffset;
            args.Arrivals = _scratch.Address + (nint)_arrivalsOffset;
            _function.Launch(stream, new Grid(_kvHeads, tiles), _variant.Threads, _variant.SharedBytes, args, overlap);
        }

        public void Dispose()
        {
            _host.Dispose();
            _tiles.Dispose();
            _scratch.Dispose();
        }
    }
}
