using System.Globalization;
using AutoGlm.Engine.Evaluation;

namespace AutoGlm.Bench.Cuda;

/// <summary>An engine's runs of a model.</summary>
internal sealed class CardRuns
{
    private readonly List<CardRun> _runs = [];

    public void Add(IEnumerable<CardRun> runs) => _runs.AddRange(runs);

    /// <summary>Rows of the table.</summary>
    /// <param name="model">Its name.</param>
    /// <param name="peer">Another engine's runs; null for none.</param>
    /// <param name="read">Bytes a second that memory gives.</param>
    /// <param name="multiply">Operations a second that tensor cores give; null where unknown.</param>
    public IEnumerable<string> Rows(string model, CardRuns? peer, double read, double? multiply)
    {
        foreach (IGrouping<string, CardRun> runs in _runs.GroupBy(run => run.Work))
        {
            Sample rates = Rates(runs);
            double? share = runs.First() switch
            {
                { OperationsPerToken: > 0 and var operations } => rates.Median * operations / multiply,
                { BytesPerToken: > 0 and var bytes } => rates.Median * bytes / read,
                _ => null,
            };
            string row = string.Create(CultureInfo.InvariantCulture, $"| {model} | {runs.Key} | {Rate(rates)} | {share:P0} |");
            if (peer is null) yield return row;
            else yield return row + Beside(rates, [.. peer._runs.Where(run => run.Work == runs.Key)]);
        }
    }

    private static string Beside(Sample ours, CardRun[] theirs) => theirs.Length == 0 ? " | |" : Beside(ours, Rates(theirs));

    private static string Beside(Sample ours, Sample theirs) => string.Create(CultureInfo.InvariantCulture, $" {Rate(theirs)} | {ours.Median / theirs.Median:F2} |");

    private static Sample Rates(IEnumerable<CardRun> runs) => new(runs.Select(run => run.Rate));

    private static string Rate(Sample rates) => string.Create(CultureInfo.InvariantCulture, $"{rates.Median:N0} ({rates.Min:N0}–{rates.Max:N0})");
}
