using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using AutoGlm.Engine.Constraints;
using AutoGlm.Engine.Sampling;
using AutoGlm.Formats.Tokenizers;
using AutoGlm.KvCache;

namespace AutoGlm.Engine.Scheduling;

/// <summary>
/// A request on its way through the engine. The step loop's thread owns it but for <see cref="Chunks"/>, which its caller reads,
/// and <see cref="Cancel"/>, which anyone may call.
/// </summary>
internal sealed class Sequence
{
    private readonly GenerationRequest _request;
    private readonly Tokenizer _tokenizer;
    private readonly Sampler _sampler;
    private readonly StreamingDecoder _decoder;
    private readonly StopMatcher _stops;
    private readonly ConstraintState? _constraint;
    private readonly List<int> _tokens;
    private readonly int _mostTokens;
    private readonly long _submitted = Stopwatch.GetTimestamp();
    private readonly Channel<GenerationChunk> _chunks = Channel.CreateUnbounded<GenerationChunk>(new UnboundedChannelOptions { SingleWriter = true, SingleReader = true });
    private long _started, _firstToken, _lastToken;
    private int _reused;
    private volatile bool _cancelled;

    public Sequence(GenerationRequest request, SamplingOptions sampling, Tokenizer tokenizer, int vocabulary, int context)
    {
        _request = request;
        _tokenizer = tokenizer;
        _sampler = new Sampler(sampling, vocabulary);
        _constraint = request.Constraint?.Start();
        // A constrained text is exactly its tokens' bytes.
        _decoder = new StreamingDecoder(tokenizer, !request.KeepControlTokens, atStart: _constraint is null);
        _stops = new StopMatcher(request.StopTexts);
        _tokens = [.. request.Prompt];
        _mostTokens = request.MaxTokens ?? context - request.Prompt.Count;
    }

    /// <summary>What the caller reads.</summary>
    public ChannelReader<GenerationChunk> Chunks => _chunks.Reader;

    /// <summary>Its part of the KV cache while it runs; null while it waits.</summary>
    public KvSequence? Kv { get; private set; }

    public bool IsCancelled => _cancelled;

    /// <summary>Tokens whose keys and values are still to be computed: the rest of a prompt, or the last token generated.</summary>
    public ReadOnlySpan<int> Pending => CollectionsMarshal.AsSpan(_tokens)[Kv!.Length..];

    private int GeneratedCount => _tokens.Count - _request.Prompt.Count;

    public void Cancel() => _cancelled = true;

    /// <summary>Begins, or begins again after <see cref="Preempt"/>: takes over what the cache knows of its tokens.</summary>
    public void Start(KvSequence kv)
    {
        Kv = kv;
        int reused = kv.Reuse(CollectionsMarshal.AsSpan(_tokens));
        if (_started != 0) return;
        _started = Stopwatch.GetTimestamp();
        _reused = reused;
    }

    /// <summary>Gives its blocks back, to go on later from what it has.</summary>
    public void Preempt()
    {
        Kv?.Dispose();
        Kv = null;
    }

    /// <summary>Chooses the next token by the last row's logits, and sends what is complete.</summary>
    /// <returns>True where the answer has ended.</returns>
    public bool Accept(Span<float> logits)
    {
        // Logits may be padded past the tokens there are.
        if (logits.Length > _tokenizer.VocabularySize) logits[_tokenizer.VocabularySize..].Fill(float.NegativeInfinity);
        int token = Choose(logits, out TokenLogProbabilities? alternatives);
        if (Take(token, alternatives)) return true;
        if (_constraint is null) return false;
        foreach (int forced in _constraint.TakeForced())
        {
            if (Take(forced, null)) return true;
        }

        return false;
    }

    private int Choose(Span<float> logits, out TokenLogProbabilities? alternatives)
    {
        // Log-probabilities are those of the model itself, which the sampler leaves as they were, and a constraint does not.
        float[]? own = _constraint is not null && _request.LogProbabilities is not null ? logits.ToArray() : null;
        _constraint?.Mask(logits);
        int token = _sampler.Sample(logits, CollectionsMarshal.AsSpan(_tokens));
        _constraint?.Advance(token);
        alternatives = _request.LogProbabilities is { } count ? LogProbabilities.Of(own ?? logits, token, count) : null;
        return token;
    }

    /// <summary>Adds a token to the answer.</summary>
    /// <returns>True where the answer has ended.</returns>
    private bool Take(int token, TokenLogProbabilities? alternatives)
    {
        _tokens.Add(token);
        _lastToken = Stopwatch.GetTimestamp();
        if (_firstToken == 0) _firstToken = _lastToken;

        if (!_request.IgnoreEnd && _tokenizer.EndOfGenerationIds.Contains(token)) return End(token, alternatives, _stops.Flush(_decoder.Flush()), FinishReason.Stop);
        string text = _stops.Append(_decoder.Append(token));
        if (_stops.Stopped) return End(token, alternatives, text, FinishReason.Stop);
        if (_constraint is { IsFinished: true }) return End(token, alternatives, text + _stops.Flush(_decoder.Flush()), FinishReason.Stop);
        if (GeneratedCount >= _mostTokens) return End(token, alternatives, text + _stops.Flush(_decoder.Flush()), FinishReason.Length);
        Send(token, alternatives, text, null);
        return false;
    }

    /// <summary>Ends it without a further token.</summary>
    public void Fail(Exception error)
    {
        Preempt();
        _chunks.Writer.TryComplete(error);
    }

    private bool End(int token, TokenLogProbabilities? alternatives, string text, FinishReason reason)
    {
        Send(token, alternatives, text, reason);
        Preempt();
        _chunks.Writer.TryComplete();
        return true;
    }

    private void Send(int token, TokenLogProbabilities? alternatives, string text, FinishReason? reason) => _chunks.Writer.TryWrite(new GenerationChunk
    {
        Text = text,
        Token = token,
        LogProbabilities = alternatives,
        FinishReason = reason,
        Statistics = reason is null ? null : new GenerationStatistics(
            _request.Prompt.Count,
            _reused,
            GeneratedCount,
            Stopwatch.GetElapsedTime(_submitted, _started),
            Stopwatch.GetElapsedTime(_started, _firstToken),
            Stopwatch.GetElapsedTime(_firstToken, _lastToken)),
    });
}
