using System.Globalization;

namespace AutoGlm.Bench.Cuda;

/// <summary>What is measured of a model: a prompt, one sequence from nothing, and many that hold a prompt.</summary>
internal sealed record CardWork(int Prompt, int Generation, int Sequences, int Depth);

/// <summary>One quantity of one run.</summary>
/// <param name="Work">What was timed.</param>
/// <param name="Rate">Tokens a second, of all sequences together.</param>
/// <param name="BytesPerToken">Bytes that memory gives for a token; 0 where unknown or arithmetic is the limit.</param>
/// <param name="OperationsPerToken">Floating-point operations of products for a token; 0 where unknown or memory is the limit.</param>
internal sealed record CardRun(string Work, double Rate, double BytesPerToken = 0, double OperationsPerToken = 0)
{
    public static string NameOfPrompt(int tokens) => $"prompt {tokens}";

    public static string NameOfGeneration(int sequences, int depth) => sequences == 1 && depth == 0 ? "one sequence" : $"{sequences} sequences after {depth} tokens";
}

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
            double[] rates = Sorted(runs);
            double? share = runs.First() switch
            {
                { OperationsPerToken: > 0 and var operations } => Median(rates) * operations / multiply,
                { BytesPerToken: > 0 and var bytes } => Median(rates) * bytes / read,
                _ => null,
            };
            string row = string.Create(CultureInfo.InvariantCulture, $"| {model} | {runs.Key} | {Rate(rates)} | {share:P0} |");
            if (peer is null) yield return row;
            else yield return row + Beside(rates, Sorted(peer._runs.Where(run => run.Work == runs.Key)));
        }
    }

    private static string Beside(double[] ours, double[] theirs) =>
        theirs.Length == 0 ? " | |" : string.Create(CultureInfo.InvariantCulture, $" {Rate(theirs)} | {Median(ours) / Median(theirs):F2} |");

    private static double[] Sorted(IEnumerable<CardRun> runs) => [.. runs.Select(run => run.Rate).Order()];

    private static double Median(double[] sorted) => (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;

    private static string Rate(double[] sorted) => string.Create(CultureInfo.InvariantCulture, $"{Median(sorted):N0} ({sorted[0]:N0}–{sorted[^1]:N0})");
}
