using ScottPlot;

namespace AutoGlm.Cli.LoadTests;

/// <summary>What share of requests was how fast: time to first token and end to end, on a logarithmic axis.</summary>
internal static class LoadChart
{
    public static void Save(LoadReport report, string title, string path)
    {
        Plot plot = new();
        IReadOnlyList<RequestOutcome> answered = [.. report.Outcomes.Where(outcome => outcome.IsAnswered)];
        Add(plot, answered.Select(outcome => outcome.FirstToken), "time to first token");
        Add(plot, answered.Select(outcome => outcome.Duration), "end to end");
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic
        {
            MinorTickGenerator = new ScottPlot.TickGenerators.LogMinorTickGenerator(),
            IntegerTicksOnly = true,
            LabelFormatter = exponent => Math.Pow(10, exponent) is var milliseconds && milliseconds >= 1000 ? $"{milliseconds / 1000:G} s" : $"{milliseconds:G} ms",
        };
        double[] exponents = [.. answered.SelectMany(outcome => new[] { outcome.FirstToken, outcome.Duration }).Select(Exponent)];
        if (exponents.Length > 0) plot.Axes.SetLimitsX(Math.Floor(exponents.Min()), Math.Floor(exponents.Max()) + 1);
        plot.Axes.SetLimitsY(0, 100);
        plot.YLabel("% of requests at most");
        plot.Title(title, 14);
        plot.ShowLegend(Alignment.LowerRight);
        plot.SavePng(path, 800, 450);
    }

    private static void Add(Plot plot, IEnumerable<TimeSpan> times, string name)
    {
        double[] sorted = [.. times.Select(Exponent).Order()];
        if (sorted.Length == 0) return;
        ScottPlot.Plottables.Scatter line = plot.Add.Scatter(sorted, [.. sorted.Select((_, i) => 100.0 * (i + 1) / sorted.Length)]);
        line.ConnectStyle = ConnectStyle.StepHorizontal;
        line.MarkerSize = 0;
        line.LineWidth = 2;
        line.LegendText = name;
    }

    /// <summary>The logarithm of the milliseconds.</summary>
    private static double Exponent(TimeSpan time) => Math.Log10(Math.Max(0.01, time.TotalMilliseconds));
}
