using AutoGlm.Cuda.Modules;
using AutoGlm.Cuda.Tuning;

namespace AutoGlm.Cuda.Linear;

/// <summary>Packs weights and multiplies by them: the launchers of <c>Kernels/linear_*.cu</c>.</summary>
internal sealed class LinearKernels
{
    /// <summary>Operands have whole blocks of so many columns.</summary>
    public const int OperandColumns = 128;

    // Kernels whose texts count on these: launch bounds, a warp to a unit, a row's scratch memory. Operands' rows are few blocks of whole 1024 columns.
    private const int PackWarps = 8, OperandThreads = 128, ColumnsPerThread = 8, FloatWarps = 8, GatherThreads = 256, SortThreads = 1024;
    private const int OutputFloats = 0, OutputHalf = 1, OutputBFloat16 = 2;

    private readonly KernelLibrary _kernels;
    private readonly int _multiprocessors, _sharedLimit;
    private readonly bool _hopper;
    private readonly CardTuning _tuning;

    public LinearKernels(CudaDevice device, KernelLibrary kernels)
    {
        _kernels = kernels;
        _multiprocessors = device.Multiprocessors;
        _sharedLimit = device.SharedBytesPerBlock;
        _hopper = device.ComputeCapability is { Major: 9, Minor: 0 };
        _tuning = device.Tuning;
    }

    /// <summary>Bytes of an operand: 16-bit activations, rows up to a multiple of 8, columns up to a multiple of 128.</summary>
    public static long OperandBytes(int rows, int columns) =>
        checked((long)OperandRows(rows) * ((columns + OperandColumns - 1) / OperandColumns * OperandColumns) * sizeof(ushort));

    /// <summary>Names of the kernels that weights of a format may need, to have them compiled side by side.</summary>
    public IEnumerable<string> Names(PackedFormat format)
    {
        yield return "gemv_" + format.Name;
        yield return "gather_" + format.Name;
        if (format == PackedFormat.Single) yield break;
        yield return format.PackKernel;
        yield return format.BFloat16 ? "operand_bf16" : "operand_f16";
        foreach (int rows in GemmShape.TileRowsOf(_hopper)) yield return GemmName(format, rows);
    }

    /// <summary>Packs rows of a matrix from the file's blocks, as they were copied to the card.</summary>
    /// <param name="stream">Where.</param>
    /// <param name="weights">To here.</param>
    /// <param name="matrix">Which matrix.</param>
    /// <param name="first">First output, a multiple of 16 (of 8 where gated).</param>
    /// <param name="count">How many outputs; with those before, a multiple too unless they end the matrix.</param>
    /// <param name="source">The blocks of these rows; of the gate's, where gated.</param>
    /// <param name="up">The blocks of the up projection's rows, where gated.</param>
    public void Pack(CudaStream stream, PackedMatrix weights, int matrix, int first, int count, nint source, nint up = 0)
    {
        if (weights.Format == PackedFormat.Single)
        {
            stream.Copy(weights.Address(matrix) + (nint)(first * weights.SourceRowBytes), source, count * weights.SourceRowBytes);
            return;
        }

        ArgumentOutOfRangeException.ThrowIfNotEqual(first % weights.OutputsPerTile, 0, nameof(first));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)first + count, weights.Outputs, nameof(count));
        if (count % weights.OutputsPerTile != 0) ArgumentOutOfRangeException.ThrowIfNotEqual(first + count, weights.Outputs, nameof(count));
        const int half = PackedFormat.TileRows / 2;
        long rowBytes = weights.SourceRowBytes;
        int tiles = (count + weights.OutputsPerTile - 1) / weights.OutputsPerTile;
        PackArgs args = new()
        {
            Low = source,
            High = weights.Gated ? up : source + (nint)(half * rowBytes),
            Packed = weights.Address(matrix) + (nint)((long)(first / weights.OutputsPerTile) * weights.Units * weights.Format.UnitBytes),
            RowBytes = rowBytes,
            LowRows = count,
            HighRows = weights.Gated ? count : count - half,
            Columns = weights.Inputs,
            Step = weights.OutputsPerTile,
            Tiles = tiles,
            Units = weights.Units,
        };
        _kernels.Get(weights.Format.PackKernel).Launch(stream, new Grid(Grid.Cover((long)tiles * weights.Units, PackWarps)), PackWarps * 32, 0, args);
    }

    /// <summary>Rows of a matrix by their numbers, as floats.</summary>
    /// <param name="stream">Where.</param>
    /// <param name="table">The matrix; not gated.</param>
    /// <param name="ids">[count] integers of 32 bits, each a row of the matrix.</param>
    /// <param name="count">How many.</param>
    /// <param name="y">[count, inputs].</param>
    /// <param name="yStride">Floats from row to row of y.</param>
    public void Gather(CudaStream stream, PackedMatrix table, nint ids, int count, nint y, long yStride)
    {
        GatherArgs args = new() { Weights = table.Address(), Ids = ids, Y = y, YStride = yStride, Columns = table.Inputs, Units = table.Units };
        _kernels.Get("gather_" + table.Format.Name).Launch(stream, new Grid(count), GatherThreads, 0, args, _hopper);
    }

    /// <summary>True where a product reads its floats itself, and needs no operand.</summary>
    public bool ReadsFloats(PackedMatrix weights, int rows) => weights.Format == PackedFormat.Single || Gemv(weights, rows) is not null;

    /// <summary>Makes the operand that products of so many rows read.</summary>
    /// <param name="stream">Where.</param>
    /// <param name="x">[rows, columns] floats.</param>
    /// <param name="stride">Floats from row to row.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="bfloat16">As the weights' format says.</param>
    /// <param name="operand">To here: <see cref="OperandBytes"/>.</param>
    public void Prepare(CudaStream stream, nint x, long stride, int rows, int columns, bool bfloat16, nint operand)
    {
        OperandArgs args = new() { X = x, Operand = operand, XStride = stride, Rows = rows, OperandRows = OperandRows(rows), Columns = columns };
        int padded = (columns + OperandColumns - 1) / OperandColumns * OperandColumns;
        Grid grid = new(Grid.Cover(padded, OperandThreads * ColumnsPerThread), rows);
        _kernels.Get(bfloat16 ? "operand_bf16" : "operand_f16").Launch(stream, grid, OperandThreads, 0, args, _hopper);
    }

    /// <summary>Queues a product.</summary>
    public void MatMul(CudaStream stream, in LinearCall call, LinearWorkspace workspace)
    {
        if (call.Rows == 0) return;
        if (call.Weights.Format == PackedFormat.Single)
        {
            MatMulOfFloats(stream, call, 1, new GemvArgs { BlockRows = GemvShape.MaxRows });
            return;
        }

        if (Gemv(call.Weights, call.Rows) is { } shape)
        {
            MatVec(stream, call, shape);
            return;
        }

        Prepare(stream, call.X, call.XStride, call.Rows, call.Weights.Inputs, call.Weights.Format.BFloat16, workspace.Operand);
        MatMul(stream, call, workspace.Operand, workspace);
    }

    /// <summary>Queues a product of an operand that is ready; see <see cref="Prepare"/>.</summary>
    public void MatMul(CudaStream stream, in LinearCall call, nint operand, LinearWorkspace workspace) => MatMul(stream, call, operand, OutputFloats, workspace);

    /// <summary>As <see cref="MatMul(CudaStream, in LinearCall, nint, LinearWorkspace)"/> with a result that is the next product's operand: y is where it goes, and there is no addend.</summary>
    public void MatMulToOperand(CudaStream stream, in LinearCall call, nint operand, bool bfloat16, LinearWorkspace workspace)
    {
        if (call.Addend != 0) throw new NotSupportedException("A product that is an operand has no addend.");
        // What pads the columns must be zeros.
        if (call.Weights.Outputs % OperandColumns != 0) stream.Fill(call.Y, 0, OperandBytes(call.Rows, call.Weights.Outputs));
        MatMul(stream, call with { YStride = OperandRows(call.Rows) }, operand, bfloat16 ? OutputBFloat16 : OutputHalf, workspace);
    }

    private void MatMul(CudaStream stream, in LinearCall call, nint operand, int output, LinearWorkspace workspace)
    {
        PackedMatrix weights = call.Weights;
        if (call.Gain != 0) throw new NotSupportedException("Products of an operand do not norm it.");
        GemmShape shape = GemmShape.Choose(weights.Format, weights.Inputs, weights.Tiles, call.Rows, _multiprocessors, _hopper, _tuning);
        GemmArgs args = new()
        {
            Weights = weights.Address(call.Matrix),
            X = operand,
            Y = call.Y,
            Bias = call.Bias,
            Addend = call.Addend,
            Partial = workspace.Partial,
            Arrivals = workspace.Arrivals,
            YStride = call.YStride,
            AddendStride = call.AddendStride,
            Rows = call.Rows,
            XRows = OperandRows(call.Rows),
            Outputs = weights.Outputs,
            Tiles = weights.Tiles,
            Units = weights.Units,
            Splits = shape.Splits,
            Gated = weights.Gated ? 1 : 0,
            Used = 1,
            Output = output,
        };
        _kernels.Get(GemmName(weights.Format, shape.TileRows)).Launch(stream, new Grid(shape.Blocks), shape.Threads, shape.SharedBytes, args, _hopper);
    }

    /// <summary>Each slot's columns by that slot's own matrix: x [rows, matrices·inputs], y [rows, matrices·outputs].</summary>
    public void MatMulOfSlots(CudaStream stream, in LinearCall call)
    {
        PackedMatrix weights = call.Weights;
        int rows = Math.Min(call.Rows, GemvShape.MaxRows);
        if (rows == 0) return;
        if (weights.Format == PackedFormat.Single)
        {
            MatMulOfFloats(stream, call, weights.Matrices, new GemvArgs { BlockRows = rows, XSlot = weights.Inputs });
            return;
        }

        while (rows > 1 && Gemv(weights, rows) is null) rows--;
        GemvShape shape = SlotShape(weights, rows, _multiprocessors);
        Grid grid = new(shape.Blocks, weights.Matrices, Grid.Cover(call.Rows, rows));
        MatVec(stream, call, shape, grid, new GemvArgs { BlockRows = rows, XSlot = weights.Inputs });
    }

    /// <summary>Each row by the matrices that a routing chose for it: y [rows, used·outputs], bias [matrices, outputs].</summary>
    /// <param name="stream">Where.</param>
    /// <param name="call">x is [rows, inputs], or [rows, used·inputs] where <paramref name="xPerSlot"/>.</param>
    /// <param name="routing">Floats: the row's matrices come first.</param>
    /// <param name="routingStride">Floats from row to row of the routing.</param>
    /// <param name="used">Matrices of a row.</param>
    /// <param name="xPerSlot">True where each slot has columns of its own.</param>
    /// <param name="workspace">For many rows.</param>
    public void MatMulOfExperts(CudaStream stream, in LinearCall call, nint routing, int routingStride, int used, bool xPerSlot, LinearWorkspace workspace)
    {
        if (call.Rows == 0) return;
        if (call.Weights.Format != PackedFormat.Single && call.Rows * used > _tuning.UnsortedPairs)
        {
            SortArgs sort = Sort(stream, call, routing, routingStride, used, workspace);
            MatMulOfSorted(stream, call, sort, xPerSlot, workspace);
            return;
        }

        GemvArgs args = new() { BlockRows = 1, Routing = routing, RoutingStride = routingStride, XSlot = xPerSlot ? call.Weights.Inputs : 0 };
        if (call.Weights.Format == PackedFormat.Single)
        {
            MatMulOfFloats(stream, call, used, args);
            return;
        }

        // Rows and slots are blocks of their own: the fewer there are, the more blocks share a matrix.
        GemvShape shape = SlotShape(call.Weights, 1, (2 * _multiprocessors / (call.Rows * used)) + 1);
        MatVec(stream, call, shape, new Grid(shape.Blocks, used, call.Rows), args);
    }

    /// <summary>Sorts the pairs of row and expert by expert.</summary>
    private SortArgs Sort(CudaStream stream, in LinearCall call, nint routing, int routingStride, int used, LinearWorkspace workspace)
    {
        int experts = call.Weights.Matrices;
        ExpertShape shape = ExpertShape.Choose(call.Rows * used, experts, _hopper);
        if (shape.Tiles * shape.TileRows > workspace.SortedRows) throw new ArgumentException($"The workspace has no room for {call.Rows} rows of {used} experts.", nameof(workspace));
        SortArgs args = new()
        {
            Routing = routing,
            Order = workspace.Order,
            TileExperts = workspace.TileExperts,
            RoutingStride = routingStride,
            Rows = call.Rows,
            Used = used,
            Experts = experts,
            Tiles = shape.Tiles,
            TileRows = shape.TileRows,
        };
        _kernels.Get("experts_sort").Launch(stream, new Grid(1), SortThreads, 2 * (experts + 1) * sizeof(int), args, _hopper);
        return args;
    }

    private void MatMulOfSorted(CudaStream stream, in LinearCall call, in SortArgs sort, bool xPerSlot, LinearWorkspace workspace)
    {
        PackedMatrix weights = call.Weights;
        int rows = sort.Tiles * sort.TileRows, padded = (weights.Inputs + OperandColumns - 1) / OperandColumns * OperandColumns;
        SortedOperandArgs operand = new()
        {
            X = new OperandArgs { X = call.X, Operand = workspace.Operand, XStride = call.XStride, Rows = rows, OperandRows = rows, Columns = weights.Inputs },
            Order = sort.Order,
            Used = sort.Used,
            XSlot = xPerSlot ? weights.Inputs : 0,
        };
        Grid grid = new(Grid.Cover(padded, OperandThreads * ColumnsPerThread), rows);
        _kernels.Get(weights.Format.BFloat16 ? "experts_operand_bf16" : "experts_operand_f16").Launch(stream, grid, OperandThreads, 0, operand, _hopper);
        GemmShape shape = GemmShape.Of(weights.Format, weights.Tiles, sort.Tiles, sort.TileRows, _hopper);
        GemmArgs args = new()
        {
            Weights = weights.Address(),
            X = workspace.Operand,
            Y = call.Y,
            Bias = call.Bias,
            Order = sort.Order,
            Experts = sort.TileExperts,
            MatrixBytes = weights.MatrixBytes,
            YStride = call.YStride,
            Rows = rows,
            XRows = rows,
            Outputs = weights.Outputs,
            Tiles = weights.Tiles,
            Units = weights.Units,
            Splits = 1,
            Gated = weights.Gated ? 1 : 0,
            Used = sort.Used,
        };
        _kernels.Get(GemmName(weights.Format, shape.TileRows)).Launch(stream, new Grid(shape.Blocks), shape.Threads, shape.SharedBytes, args, _hopper);
    }

    /// <summary>Rows of an operand of so many rows of activations.</summary>
    public static int OperandRows(int rows) => (rows + 7) / 8 * 8;

    private static string GemmName(PackedFormat format, int rows) => $"gemm_{format.Name}_n{rows}";

    private GemvShape? Gemv(PackedMatrix weights, int rows) => rows > _tuning.GemvRows
        ? null
        : GemvShape.Choose(weights.Format, weights.Inputs, weights.Tiles, rows, _multiprocessors, _sharedLimit, _hopper, _tuning);

    private void MatVec(CudaStream stream, in LinearCall call, GemvShape shape) =>
        MatVec(stream, call, shape, new Grid(shape.Blocks), new GemvArgs { BlockRows = call.Rows });

    private void MatVec(CudaStream stream, in LinearCall call, GemvShape shape, Grid grid, GemvArgs args)
    {
        Describe(call, ref args);
        args.Splits = shape.Splits;
        args.Stages = shape.Stages;
        _kernels.Get("gemv_" + call.Weights.Format.Name).Launch(stream, grid, shape.Warps * 32, shape.SharedBytes, args, _hopper);
    }

    private void MatMulOfFloats(CudaStream stream, in LinearCall call, int slots, GemvArgs args)
    {
        if (call.Weights.Gated || call.Gain != 0) throw new NotSupportedException("Products in single precision neither norm nor gate.");
        Describe(call, ref args);
        int blocks = Math.Min(Grid.Cover(call.Weights.Outputs, FloatWarps), FloatWarps * _multiprocessors);
        Grid grid = new(blocks, slots, Grid.Cover(call.Rows, args.BlockRows));
        _kernels.Get("gemv_f32").Launch(stream, grid, FloatWarps * 32, 0, args, _hopper);
    }

    private static void Describe(in LinearCall call, ref GemvArgs args)
    {
        PackedMatrix weights = call.Weights;
        args.Weights = weights.Address(call.Matrix);
        args.X = call.X;
        args.Y = call.Y;
        args.Bias = call.Bias;
        args.Addend = call.Addend;
        args.Gain = call.Gain;
        args.Epsilon = call.Epsilon;
        args.XStride = call.XStride;
        args.YStride = call.YStride;
        args.AddendStride = call.AddendStride;
        args.MatrixBytes = weights.MatrixBytes;
        args.Rows = call.Rows;
        args.Outputs = weights.Outputs;
        args.Columns = weights.Inputs;
        args.Tiles = weights.Tiles;
        args.Units = weights.Units;
        args.Gated = weights.Gated ? 1 : 0;
    }

    private GemvShape SlotShape(PackedMatrix weights, int rows, int mostBlocks) =>
        GemvShape.Choose(weights.Format, weights.Inputs, weights.Tiles, rows, _multiprocessors, _sharedLimit, _hopper, _tuning, mostBlocks)
        ?? throw new NotSupportedException($"Rows of {weights.Inputs} inputs do not fit into a multiprocessor's shared memory of {_sharedLimit} bytes.");
}
