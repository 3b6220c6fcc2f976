namespace AutoGlm.Cpu;

/// <summary>A model's packed weights in a <see cref="WeightCache"/>.</summary>
/// <param name="Path">The file.</param>
/// <param name="Model">The model it was made from; null where the file is unsound.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="LastUsed">When it was made or last read, give or take an hour.</param>
public sealed record WeightCacheEntry(string Path, string? Model, long Bytes, DateTimeOffset LastUsed);
