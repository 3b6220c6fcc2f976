namespace AutoGlm.Cli.LoadTests;

/// <summary>How a load run asks.</summary>
/// <param name="Concurrency">Most requests at once; more wait, and their time counts from when they are sent.</param>
/// <param name="Duration">Users begin new sessions for so long; null for one session each.</param>
/// <param name="CancelShare">Share of requests that the client drops at a random point: 0 to 1.</param>
/// <param name="Seed">Decides which, and where.</param>
internal sealed record LoadOptions(int Concurrency, TimeSpan? Duration = null, double CancelShare = 0, int Seed = 1);
