using System.Runtime.InteropServices;

namespace AutoGlm.Engine.Scheduling;

/// <summary>
/// Blocks of prompts that running sequences are going to compute, by feature: whoever begins with them may wait for them. A
/// feature may be wrong; whoever waits in vain only waits until that prompt is computed.
/// </summary>
internal sealed class PrefixesInFlight
{
    private readonly Dictionary<ulong, int> _counts = [];

    /// <summary>Notes what a sequence that starts is going to compute.</summary>
    public void Announce(Sequence sequence)
    {
        int size = sequence.Keys.BlockTokens;
        sequence.Announced = (sequence.Kv!.Length / size, sequence.Tokens.Length / size);
        for (int block = sequence.Announced.From; block < sequence.Announced.To; block++)
            CollectionsMarshal.GetValueRefOrAddDefault(_counts, sequence.Keys.Feature(block, sequence.Tokens), out _)++;
    }

    /// <summary>Strikes out what a sequence has computed.</summary>
    public void Advance(Sequence sequence) => Strike(sequence, sequence.Kv!.Length / sequence.Keys.BlockTokens);

    /// <summary>Strikes out all that a sequence was going to compute.</summary>
    public void Withdraw(Sequence sequence) => Strike(sequence, sequence.Announced.To);

    /// <summary>Blocks in flight of those a sequence begins with, one after another from this one on.</summary>
    public int CountFrom(Sequence sequence, int block)
    {
        int most = (sequence.Tokens.Length - 1) / sequence.Keys.BlockTokens;
        int next = block;
        while (next < most && _counts.ContainsKey(sequence.Keys.Feature(next, sequence.Tokens))) next++;
        return next - block;
    }

    private void Strike(Sequence sequence, int to)
    {
        (int from, int end) = sequence.Announced;
        for (; from < Math.Min(to, end); from++)
        {
            ulong feature = sequence.Keys.Feature(from, sequence.Tokens);
            if (--CollectionsMarshal.GetValueRefOrNullRef(_counts, feature) == 0) _counts.Remove(feature);
        }

        sequence.Announced = (from, end);
    }
}
