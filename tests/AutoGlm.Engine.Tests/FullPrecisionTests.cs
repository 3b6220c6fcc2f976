using AutoGlm.Engine.Evaluation;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Engine.Tests;

/// <summary>Quantised weights held as float32, through everything that is fused for quantised ones.</summary>
public class FullPrecisionTests
{
    [Fact]
    public void Quantised_weights_as_floats_give_what_the_definition_does()
    {
        double definition = Perplexity(new() { Reference = true }), full = Perplexity(new() { FullPrecisionWeights = true }), rounded = Perplexity(new());

        Assert.Equal(definition, full, definition * 1e-4);
        // Bytes in place of activations show; else the comparison would prove nothing.
        Assert.NotInRange(rounded, definition * (1 - 1e-4), definition * (1 + 1e-4));
    }

    private static double Perplexity(EngineOptions options)
    {
        options = options with { Context = 16, Threads = 2, KvType = KvType.F32, WeightCache = false };
        using ModelRuntime runtime = ModelRuntime.Load(EngineFixture.ModelPath, options);
        int[] tokens = PerplexityMeter.Encode(runtime.Package.Tokenizer, "The lighthouse stood on a rock at the end of the bay, and its lamp was lit every night.");
        return new PerplexityMeter(runtime, 16).Measure(tokens, mostChunks: 1, cancellation: TestContext.Current.CancellationToken).Perplexity;
    }
}
