using System.Globalization;
using ScottPlot;

namespace AutoGlm.Bench.Peers;

/// <summary>Results as a bar chart: this engine's rate over each peer's, the spread as error bars, a line where they are equal.</summary>
internal static class PeerChart
{
    public static void Save(IReadOnlyList<PeerResult> results, string path)
    {
        string[] peers = results[0].Contestants[1..];
        Plot plot = new();
        IPalette palette = new ScottPlot.Palettes.Category10();
        List<Bar> bars = [];
        for (int i = 0; i < results.Count; i++)
        {
            for (int peer = 1; peer <= peers.Length; peer++) bars.Add(BarOf(results[i], peer, i * (peers.Length + 1) + peer, palette.GetColor(peer - 1)));
        }

        plot.Add.Bars(bars);
        plot.Add.HorizontalLine(1, 1.5f, Colors.Black, LinePattern.Dashed);
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericManual(
            [.. results.Select((_, i) => i * (peers.Length + 1) + (peers.Length + 1) / 2.0)],
            [.. results.Select(result => $"{result.Model}\n{result.Workload.Name}")]);
        plot.Axes.Bottom.MajorTickStyle.Length = 0;
        plot.YLabel($"{results[0].Contestants[0]}'s tokens per second over the peer's");
        plot.Legend.Orientation = Orientation.Horizontal;
        plot.ShowLegend([.. peers.Select((peer, i) => new LegendItem { LabelText = peer, FillColor = palette.GetColor(i) })], Alignment.UpperLeft);
        plot.Axes.SetLimitsY(0, 1.25 * results.Max(result => Enumerable.Range(1, peers.Length).Max(peer => result.Ratios(peer).Max())));
        plot.SavePng(path, Math.Max(800, 150 * results.Count), 500);
    }

    private static Bar BarOf(PeerResult result, int peer, double position, Color color)
    {
        double[] ratios = result.Ratios(peer);
        double median = result.MedianRatio(peer);
        return new Bar { Position = position, Value = median, Error = Math.Max(ratios.Max() - median, median - ratios.Min()), FillColor = color, Label = median.ToString("F2", CultureInfo.InvariantCulture) };
    }
}
