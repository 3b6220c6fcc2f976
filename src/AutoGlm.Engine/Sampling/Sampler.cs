using System.Security.Cryptography;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Engine.Sampling;

/// <summary>Chooses tokens for one sequence. Not for use by several threads at once.</summary>
/// <remarks>
/// The choices depend on the options, the seed, the logits and the tokens before, and on nothing else. No memory is allocated
/// for a token once the buffers have grown to the vocabulary.
/// </remarks>
public sealed class Sampler
{
    private readonly SamplingOptions _options;
    private readonly int _vocabulary;
    private readonly RandomSource _random;
    private readonly TokenHistory? _history;
    private readonly KeyValuePair<int, float>[] _biases;
    private readonly List<(int Token, float Logit)> _changed = [];
    private Candidates? _candidates;

    /// <param name="options">How to choose.</param>
    /// <param name="vocabulary">Logits in a row.</param>
    /// <exception cref="ArgumentException">An option is outside its range, or biases a token outside the vocabulary.</exception>
    public Sampler(SamplingOptions options, int vocabulary)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vocabulary);
        options.Validate();
        _biases = [.. options.LogitBias ?? new Dictionary<int, float>()];
        foreach ((int token, _) in _biases)
        {
            if (token >= vocabulary) throw new ArgumentException($"LogitBias names token {token}; the model knows 0 to {vocabulary - 1}.", nameof(options));
        }

        _options = options;
        _vocabulary = vocabulary;
        Seed = options.Seed ?? BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        _random = new RandomSource(Seed);
        _history = options.HasPenalties ? new TokenHistory(options.PenaltyWindow) : null;
    }

    /// <summary>The seed in use, to draw the same again.</summary>
    public ulong Seed { get; }

    /// <summary>True where a device can choose as this does: there are no biases, no penalties, and no filter that it lacks.</summary>
    public bool IsPlain => _biases.Length == 0 && _history is null && _options.TypicalP >= 1;

    /// <summary>The error of logits that are no numbers.</summary>
    public static InvalidOperationException NothingToChoose() => new("No token can be chosen: every logit is NaN or minus infinity. The model's weights or its input are unsound.");

    /// <summary>How a device is to choose the next token; counts as a draw.</summary>
    public RowSampling NextRow() => IsCold ? RowSampling.Greedy : new RowSampling(_options.Temperature, _options.TopK, _options.TopP, _options.MinP, Seed, _random.Next());

    /// <summary>Chooses the next token.</summary>
    /// <param name="logits">One for each token of the vocabulary; NaN counts as minus infinity. Changed on the way, and put back.</param>
    /// <param name="tokens">All tokens before it, prompt and answer; the penalties look at the last of them.</param>
    /// <exception cref="InvalidOperationException">No logit is a number above minus infinity: the model computed nonsense.</exception>
    public int Sample(Span<float> logits, ReadOnlySpan<int> tokens)
    {
        if (logits.Length != _vocabulary) throw new ArgumentException($"There are {logits.Length} logits; the vocabulary has {_vocabulary}.", nameof(logits));
        try
        {
            AddBias(logits);
            AddPenalties(logits, tokens);
            return Choose(logits);
        }
        finally
        {
            // Backwards, since a token may have been changed twice.
            for (int i = _changed.Count - 1; i >= 0; i--) logits[_changed[i].Token] = _changed[i].Logit;
            _changed.Clear();
        }
    }

    /// <summary>The tokens that a draw would choose from, after all filters; for tests.</summary>
    internal Candidates Filter(ReadOnlySpan<float> logits, float max)
    {
        Candidates candidates = _candidates ??= new Candidates(_vocabulary);
        bool typical = _options.TypicalP < 1, topP = _options.TopP < 1;
        float depth = _options.MinP > 0 ? MathF.Log(_options.MinP) : float.NegativeInfinity;

        // Without a filter in between, min-p can be applied at once: top-k keeps the largest logit.
        candidates.Start(logits, max, _options.TopK, typical || topP ? float.NegativeInfinity : max + depth);
        if (typical)
        {
            candidates.KeepTypical(_options.TypicalP);
            max = candidates.Max();
        }

        if (topP) candidates.KeepTopP(_options.TopP);
        if ((typical || topP) && _options.MinP > 0) candidates.KeepAbove(max + depth);
        return candidates;
    }

    /// <summary>True where the temperature leaves one choice alone.</summary>
    private bool IsCold => float.IsInfinity(1 / _options.Temperature);

    private int Choose(ReadOnlySpan<float> logits)
    {
        float max = Softmax.Max(logits);
        if (max == float.NegativeInfinity)
        {
            throw NothingToChoose();
        }

        // An infinite logit outweighs all others.
        if (IsCold || float.IsPositiveInfinity(max)) return Softmax.IndexOf(logits, max);
        return Filter(logits, max).Draw(_options.Temperature, _random.NextDouble());
    }

    private void AddBias(Span<float> logits)
    {
        foreach ((int token, float bias) in _biases) Change(logits, token, logits[token] + bias);
    }

    private void AddPenalties(Span<float> logits, ReadOnlySpan<int> tokens)
    {
        if (_history is null) return;
        _history.Update(tokens);
        foreach ((int token, int count) in _history.Counts)
        {
            if ((uint)token >= (uint)logits.Length) continue;
            float logit = logits[token];
            logit = logit > 0 ? logit / _options.RepetitionPenalty : logit * _options.RepetitionPenalty;
            Change(logits, token, logit - count * _options.FrequencyPenalty - _options.PresencePenalty);
        }
    }

    private void Change(Span<float> logits, int token, float logit)
    {
        _changed.Add((token, logits[token]));
        logits[token] = logit;
    }
}
