using System.Globalization;
using System.Text;

namespace AutoGlm.Bench.Peers;

/// <summary>Results as a Markdown table.</summary>
internal static class PeerTable
{
    public static string Format(IReadOnlyList<PeerResult> results, string caption)
    {
        StringBuilder text = new();
        string[] peers = results[0].Contestants[1..];
        text.AppendLine($"| model | work | {results[0].Contestants[0]} tok/s |{string.Concat(peers.Select(peer => $" {peer} tok/s | ratio (spread) |"))}");
        text.AppendLine($"|---|---|---|{string.Concat(peers.Select(_ => "---|---|"))}");
        foreach (PeerResult result in results)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {result.Model} | {result.Workload.Name} | {result.MedianRate(0):F1} |");
            for (int peer = 1; peer <= peers.Length; peer++)
            {
                double[] ratios = result.Ratios(peer);
                text.Append(CultureInfo.InvariantCulture, $" {result.MedianRate(peer):F1} | **{result.MedianRatio(peer):F2}** ({ratios.Min():F2}–{ratios.Max():F2}) |");
            }

            text.AppendLine();
        }

        return text.AppendLine().AppendLine(caption).ToString();
    }
}
