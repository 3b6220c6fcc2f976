using System.Globalization;
using AutoGlm.Cpu.Kernels;
using AutoGlm.Formats.Tensors;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace AutoGlm.Bench.Kernels;

/// <summary>A column computed from a benchmark's median time in seconds.</summary>
internal sealed class LimitColumn(string name, string legend, Func<TensorType, int, double, string> cell) : IColumn
{
    public string Id => name;

    public string ColumnName => name;

    public string Legend => legend;

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    /// <summary>Bytes of weights a second, and their share of what the memory can be read at.</summary>
    public static IEnumerable<LimitColumn> Bandwidth(KernelOptions options, double limit)
    {
        double Rate(TensorType type, double seconds) => WeightBytes(options, type) / seconds;
        yield return new("GB/s", "Bytes of weights a second", (type, _, seconds) => (Rate(type, seconds) / 1e9).ToString("F1", CultureInfo.InvariantCulture));
        yield return new("of read", "Share of a plain read's bytes a second", (type, _, seconds) => (Rate(type, seconds) / limit).ToString("P0", CultureInfo.InvariantCulture));
    }

    /// <summary>Operations (two per multiply-accumulate) a second, and their share of the machine's peak.</summary>
    public static IEnumerable<LimitColumn> Arithmetic(KernelOptions options, double integerPeak, double floatPeak)
    {
        double Rate(int rows, double seconds) => 2.0 * rows * options.Outputs * options.Columns / seconds;
        yield return new("GOPS", "Operations a second, two per multiply-accumulate", (_, rows, seconds) => (Rate(rows, seconds) / 1e9).ToString("F0", CultureInfo.InvariantCulture));
        yield return new("of peak", "Share of byte products (float multiply-adds for float weights) from registers", (type, rows, seconds) =>
            (Rate(rows, seconds) / (PackedFormat.Get(type).IsFloat ? floatPeak : integerPeak)).ToString("P0", CultureInfo.InvariantCulture));
    }

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        if (summary[benchmarkCase]?.ResultStatistics is not { } statistics) return "?";
        return cell((TensorType)benchmarkCase.Parameters[nameof(MatMulBenchmarks.Type)], (int)benchmarkCase.Parameters[nameof(MatMulBenchmarks.Rows)], statistics.Median / 1e9);
    }

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public bool IsAvailable(Summary summary) => true;

    private static double WeightBytes(KernelOptions options, TensorType type) =>
        (double)PackedFormat.Get(type).PanelBytes(options.Columns) * ((options.Outputs + Panel.Rows - 1) / Panel.Rows);
}
