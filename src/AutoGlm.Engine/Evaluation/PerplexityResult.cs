namespace AutoGlm.Engine.Evaluation;

/// <summary>How well a model predicts a text.</summary>
/// <param name="Chunks">Chunks computed so far.</param>
/// <param name="ChunkCount">Chunks there are to compute.</param>
/// <param name="ScoredTokens">Tokens whose prediction counted.</param>
/// <param name="MeanLoss">Mean negative log-probability of these tokens, in nats.</param>
/// <param name="LossError">Standard error of that mean.</param>
public sealed record PerplexityResult(int Chunks, int ChunkCount, int ScoredTokens, double MeanLoss, double LossError)
{
    /// <summary>e to the mean loss.</summary>
    public double Perplexity => Math.Exp(MeanLoss);

    /// <summary>Standard error of the perplexity, to first order.</summary>
    public double Error => LossError * Perplexity;
}
