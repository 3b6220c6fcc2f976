using AutoGlm.Cpu.Kernels;
using AutoGlm.Cpu.Threading;
using AutoGlm.Formats.Tensors;
using BenchmarkDotNet.Attributes;

namespace AutoGlm.Bench.Kernels;

/// <summary>One linear layer on the thread team: random weights of a type, out of every cache, times a few or many activation rows.</summary>
public class MatMulBenchmarks
{
    /// <summary>More than the last cache holds: servers have some hundreds of megabytes.</summary>
    private const long WorkingSet = 1L << 30;

    private ThreadTeam? _team;
    private MatMulBench? _bench;

    [ParamsSource(nameof(Types))]
    public TensorType Type { get; set; }

    [ParamsSource(nameof(RowCounts))]
    public int Rows { get; set; }

    public static IEnumerable<TensorType> Types => KernelOptions.Current.Types;

    public static IEnumerable<int> RowCounts => KernelOptions.Current.Rows;

    [GlobalSetup]
    public void Load()
    {
        KernelOptions options = KernelOptions.Current;
        _team = new ThreadTeam(options.Threads);
        _bench = new MatMulBench(KernelSet.Create(KernelIsas.Parse(options.Isa)), _team, Type, options.Outputs, options.Columns, Rows, WorkingSet);
    }

    [Benchmark]
    public void MatMul() => _bench!.Multiply(Rows);

    [GlobalCleanup]
    public void Unload()
    {
        _bench?.Dispose();
        _team?.Dispose();
    }
}
