using System.Globalization;
using ScottPlot;

namespace AutoGlm.Cli.Ablation;

/// <summary>The rows as two bar charts beside each other: mean latency and requests a second.</summary>
internal static class AblationChart
{
    public static void Save(IReadOnlyList<AblationResult> rows, string path)
    {
        Multiplot both = new();
        both.AddPlots(2);
        both.Layout = new ScottPlot.MultiplotLayouts.Columns();
        Fill(both.GetPlot(0), rows, "mean latency, ms", row => row.MeanLatency);
        Fill(both.GetPlot(1), rows, "requests a second", row => row.RequestsPerSecond);
        both.SavePng(path, 1200, 450);
    }

    private static void Fill(Plot plot, IReadOnlyList<AblationResult> rows, string title, Func<AblationResult, double> value)
    {
        plot.Add.Bars(rows.Select((row, i) => new Bar
        {
            // The first row stands at the top.
            Position = rows.Count - i,
            Value = value(row),
            Label = value(row).ToString(value(row) >= 100 ? "F0" : "F2", CultureInfo.InvariantCulture),
            Orientation = Orientation.Horizontal,
            FillColor = Colors.SteelBlue,
        }).ToArray());
        plot.Axes.Left.TickGenerator = new ScottPlot.TickGenerators.NumericManual([.. rows.Select((_, i) => (double)(rows.Count - i))], [.. rows.Select(row => row.Name)]);
        plot.Axes.SetLimitsX(0, 1.2 * rows.Max(value));
        plot.Title(title, 14);
    }
}
