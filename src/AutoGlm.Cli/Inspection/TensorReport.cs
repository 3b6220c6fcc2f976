using System.Globalization;
using AutoGlm.Cli.Output;
using AutoGlm.Formats.Tensors;
using Spectre.Console;

namespace AutoGlm.Cli.Inspection;

/// <summary>One tensor, shown.</summary>
internal static class TensorReport
{
    private const int BarWidth = 40;

    public static void Write(Terminal terminal, Tensor tensor, TensorStatistics statistics)
    {
        Table table = Tables.Create(terminal, "tensor", tensor.Name);
        table.Add("type", tensor.Format.Name);
        table.Add("shape", Shape(tensor.Shape));
        table.Add("values", statistics.Count.ToString("N0", CultureInfo.InvariantCulture));
        table.Add("bytes", Numbers.Bytes(tensor.ByteLength));
        table.Add("min", Number(statistics.Min));
        table.Add("max", Number(statistics.Max));
        table.Add("mean", Number(statistics.Mean));
        table.Add("standard deviation", Number(statistics.StandardDeviation));
        table.Add("zeros", Share(statistics.Zeros, statistics.Count));
        table.Add("NaN", Share(statistics.NaN, statistics.Count));
        table.Add("infinite", Share(statistics.Infinite, statistics.Count));
        Tables.Write(terminal, table);
        WriteHistogram(terminal, statistics);
    }

    public static void WriteJson(Terminal terminal, Tensor tensor, TensorStatistics statistics) => JsonOutput.WriteLine(terminal, new
    {
        name = tensor.Name,
        type = tensor.Format.Name,
        shape = tensor.Shape,
        bytes = tensor.ByteLength,
        statistics.Count,
        min = Finite(statistics.Min),
        max = Finite(statistics.Max),
        mean = Finite(statistics.Mean),
        std = Finite(statistics.StandardDeviation),
        statistics.Zeros,
        nan = statistics.NaN,
        statistics.Infinite,
        histogram = statistics.Histogram.Select((values, bin) => new { from = statistics.BinStart(bin), to = statistics.BinStart(bin + 1), count = values }),
    });

    public static string Shape(IReadOnlyList<long> shape) => $"[{string.Join(", ", shape)}]";

    private static void WriteHistogram(Terminal terminal, TensorStatistics statistics)
    {
        if (statistics.Histogram.Count == 0) return;
        long most = statistics.Histogram.Max();
        terminal.Out.WriteLine();
        for (int bin = 0; bin < statistics.Histogram.Count; bin++)
        {
            long values = statistics.Histogram[bin];
            // A bin that is not empty shows at least a sliver.
            int width = values == 0 ? 0 : Math.Max(1, (int)Math.Round((double)BarWidth * values / most));
            terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{statistics.BinStart(bin),12:G5} {new string('█', width),-BarWidth} {values:N0}"));
        }
    }

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;

    private static string Number(double value) => value.ToString("G6", CultureInfo.InvariantCulture);

    private static string Share(long part, long whole) => string.Create(CultureInfo.InvariantCulture, $"{part:N0} ({100.0 * part / Math.Max(1, whole):F3} %)");
}
