using System.Diagnostics;
using AutoGlm.Engine;
using AutoGlm.Engine.Warmup;
using AutoGlm.Server.Http;
using AutoGlm.Server.Observability;

namespace AutoGlm.Server;

/// <summary>Has the engine compute what is asked for often before anybody asks, for the tenants that will ask for it.</summary>
internal static class WarmUp
{
    /// <summary>The prompts of the warm-up file, each for the tenant of the key that it names, or for every tenant.</summary>
    /// <exception cref="InvalidDataException">A line is malformed, or names a key that the server does not have.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyList<WarmupPrompt> Read(ServerOptions options, ApiKeys keys)
    {
        if (options.WarmUpFile is not { } path) return [];
        // Tenants that share find it whoever it was computed for.
        IReadOnlyList<string> all = options.Engine.ShareAcrossTenants ? [keys.Tenants[0]] : keys.Tenants;
        return [.. WarmupPrompt.ReadFile(path).SelectMany((prompt, i) => TenantsOf(prompt, i).Select(tenant => prompt with { Tenant = tenant }))];

        IReadOnlyList<string> TenantsOf(WarmupPrompt prompt, int index)
        {
            if (prompt.Tenant.Length == 0) return all;
            // The message is logged: it does not say what the key is.
            return keys.Find(prompt.Tenant) is { } tenant ? [tenant] : throw new InvalidDataException($"{path}: tenant of prompt {index + 1}: is none of the server's API keys; name one, or leave it out to compute the prompt for all.");
        }
    }

    public static async Task RunAsync(InferenceEngine engine, IReadOnlyList<WarmupPrompt> prompts, ILogger log, CancellationToken cancellation)
    {
        long began = Stopwatch.GetTimestamp();
        WarmupResult result = await engine.WarmUpAsync(prompts, cancellation: cancellation);
        foreach (string problem in result.Problems) ServerLog.NotWarmedUp(log, problem);
        ServerLog.WarmedUp(log, Stopwatch.GetElapsedTime(began).TotalSeconds, result.Prompts, result.HotPrefixes);
    }
}
