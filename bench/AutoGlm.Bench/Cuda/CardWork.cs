namespace AutoGlm.Bench.Cuda;

/// <summary>What is measured of a model: a prompt, one sequence from nothing, and many that hold a prompt.</summary>
internal sealed record CardWork(int Prompt, int Generation, int Sequences, int Depth);
