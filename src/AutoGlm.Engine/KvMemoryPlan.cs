using System.Globalization;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Engine;

/// <summary>
/// How much memory the KV cache may take. The system hands it out page by page as blocks are first used, and blocks used before are
/// used again first: what is planned and never needed costs nothing.
/// </summary>
/// <param name="Blocks">Blocks of the cache.</param>
/// <param name="BlockTokens">Tokens a block holds.</param>
/// <param name="BlockBytes">Bytes of a block.</param>
/// <param name="FreeBytes">What was free when the default was chosen; null where the options said how much.</param>
public sealed record KvMemoryPlan(int Blocks, int BlockTokens, long BlockBytes, long? FreeBytes)
{
    /// <summary>Share of the free memory that the default takes at most: the rest is for everything else on the machine.</summary>
    private const double FreeShare = 0.5;

    /// <summary>Most bytes it takes.</summary>
    public long Bytes => Blocks * BlockBytes;

    /// <summary>Most tokens it holds.</summary>
    public long Tokens => (long)Blocks * BlockTokens;

    /// <summary>
    /// As the options say; else as much as all sequences that may run together need at full length, within half of the memory that is
    /// free, and never less than one context.
    /// </summary>
    /// <param name="layout">Blocks.</param>
    /// <param name="context">Longest sequence in tokens.</param>
    /// <param name="options">The options.</param>
    /// <exception cref="ArgumentOutOfRangeException">The options leave less than one sequence needs.</exception>
    public static KvMemoryPlan For(KvLayout layout, int context, EngineOptions options)
    {
        long oneContext = (context + layout.BlockTokens - 1) / layout.BlockTokens;
        long most = Math.Max(1, int.MaxValue / layout.BlockTokens);
        if (options.KvMemory is not { } asked)
        {
            long free = SystemMemory.Free();
            long blocks = Math.Clamp((long)(free * FreeShare) / layout.BlockBytes, oneContext, Math.Max(oneContext, options.MaxSequences * oneContext));
            return new KvMemoryPlan((int)Math.Min(blocks, most), layout.BlockTokens, layout.BlockBytes, free);
        }

        if (asked / layout.BlockBytes < oneContext)
        {
            throw new ArgumentOutOfRangeException(nameof(EngineOptions.KvMemory), asked,
                $"One sequence of {context:N0} tokens needs {oneContext * layout.BlockBytes:N0} bytes of KV cache; give as much, or ask for a shorter context.");
        }

        return new KvMemoryPlan((int)Math.Min(asked / layout.BlockBytes, most), layout.BlockTokens, layout.BlockBytes, null);
    }

    /// <summary>The decision in a sentence, for the log.</summary>
    public override string ToString()
    {
        string MiB(long bytes) => (bytes / 1048576.0).ToString("N0", CultureInfo.InvariantCulture);
        string why = FreeBytes is { } free ? $"within half of the {MiB(free)} MiB that are free" : "as asked for";
        return string.Create(CultureInfo.InvariantCulture, $"KV cache of up to {MiB(Bytes)} MiB for {Tokens:N0} tokens, {why}; taken as it is used.");
    }
}
