using System.Globalization;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Engine;

/// <summary>
/// How much memory the KV cache may take. A host hands it out page by page as blocks are first used, and blocks used before are
/// used again first: what is planned and never needed costs nothing.
/// </summary>
/// <param name="Blocks">Blocks of the cache.</param>
/// <param name="BlockTokens">Tokens a block holds.</param>
/// <param name="BlockBytes">Bytes of a block.</param>
/// <param name="Reason">Why so many, in words.</param>
public sealed record KvMemoryPlan(int Blocks, int BlockTokens, long BlockBytes, string Reason)
{
    /// <summary>Most bytes it takes.</summary>
    public long Bytes => Blocks * BlockBytes;

    /// <summary>Most tokens it holds.</summary>
    public long Tokens => (long)Blocks * BlockTokens;

    /// <summary>
    /// As the options say; else as much as all sequences that may run together need at full length, within what a device has to
    /// give, or half of the host memory that is free, where it is never less than one context.
    /// </summary>
    /// <param name="layout">Blocks.</param>
    /// <param name="context">Longest sequence in tokens.</param>
    /// <param name="options">The options.</param>
    /// <param name="deviceBytes">What the backend's own memory has to give; null where it is the host's.</param>
    /// <param name="mappedBytes">Weights mapped from a file: they count as free, and are not.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is less than one sequence needs.</exception>
    public static KvMemoryPlan For(KvLayout layout, int context, EngineOptions options, long? deviceBytes, long mappedBytes = 0)
    {
        long oneContext = (context + layout.BlockTokens - 1) / layout.BlockTokens;
        (long most, string reason) = (options.KvMemory, deviceBytes) switch
        {
            ({ } asked, _) => (asked, "as asked for"),
            (null, { } device) => (device, $"within the {MiB(device)} MiB that the device has to give"),
            _ => HalfOfFree(mappedBytes),
        };
        long blocks = Math.Min(most / layout.BlockBytes, int.MaxValue / layout.BlockTokens);
        if (options.KvMemory is null) blocks = Math.Min(blocks, options.MaxSequences * oneContext);
        if (options.KvMemory is null && deviceBytes is null) blocks = Math.Max(blocks, oneContext);
        if (blocks < oneContext)
        {
            throw new ArgumentOutOfRangeException(nameof(EngineOptions.KvMemory), most,
                $"One sequence of {context:N0} tokens needs {oneContext * layout.BlockBytes:N0} bytes of KV cache; give as much, or ask for a shorter context.");
        }

        return new KvMemoryPlan((int)blocks, layout.BlockTokens, layout.BlockBytes, reason);
    }

    /// <summary>The decision in a sentence, for the log.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"KV cache of up to {MiB(Bytes)} MiB for {Tokens:N0} tokens, {Reason}.");

    private static (long Most, string Reason) HalfOfFree(long mappedBytes)
    {
        long free = SystemMemory.Free(mappedBytes);
        return (free / 2, $"within half of the {MiB(free)} MiB that are free, taken as it is used");
    }

    private static string MiB(long bytes) => (bytes / 1048576.0).ToString("N0", CultureInfo.InvariantCulture);
}
