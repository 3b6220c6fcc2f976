using System.Runtime.InteropServices;
using AutoGlm.Engine.Constraints;
using AutoGlm.Engine.Sampling;
using AutoGlm.Formats.Tokenizers;
using AutoGlm.Graph.Execution;
using AutoGlm.KvCache;

namespace AutoGlm.Engine.Scheduling;

/// <summary>An answer on its way through the engine, for one caller or several who asked the same. The step loop's thread owns it.</summary>
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
    private readonly TimeProvider _time;
    private readonly List<AnswerStream> _streams = [];
    private readonly List<GenerationChunk>? _sent;
    private readonly long _submitted;
    private GenerationChunk? _last;
    private long _started, _firstToken, _lastToken;
    private int _reused, _cached;
    private bool _queued = true;

    /// <param name="runtime">What it runs on.</param>
    /// <param name="stream">Whoever asked first.</param>
    /// <param name="sampling">How tokens are chosen.</param>
    public Sequence(ModelRuntime runtime, AnswerStream stream, SamplingOptions sampling)
    {
        _request = stream.Request;
        _tokenizer = runtime.Package.Tokenizer;
        _time = runtime.Options.Time;
        _sampler = new Sampler(sampling, runtime.Vocabulary);
        _constraint = _request.Constraint?.Start();
        // A constrained text is exactly its tokens' bytes.
        _decoder = new StreamingDecoder(_tokenizer, !_request.KeepControlTokens, atStart: _constraint is null);
        _stops = new StopMatcher(_request.StopTexts);
        _tokens = [.. _request.Prompt];
        _mostTokens = _request.MaxTokens ?? runtime.Context - _request.Prompt.Count;
        Keys = _request.Root is { } root ? new PrefixKeys(root, runtime.Pool.BlockTokens) : runtime.CreateKeys(_request.Tenant);
        Identity = runtime.Options.ShareAnswers ? RequestIdentity.Of(_request, sampling) : null;
        _sent = Identity is null ? null : [];
        _streams.Add(stream);
        Order = stream.Order;
        _submitted = stream.Submitted;
    }

    public GenerationRequest Request => _request;

    /// <summary>What others must ask to join; null where none may.</summary>
    public RequestIdentity? Identity { get; }

    public PrefixKeys Keys { get; }

    /// <summary>Blocks it is going to compute and others may wait for: <see cref="PrefixesInFlight"/>'s.</summary>
    public (int From, int To) Announced { get; set; }

    /// <summary>True once it has waited for another to compute what it begins with.</summary>
    public bool IsFollowing { get; set; }

    /// <summary>The last step with rows of it.</summary>
    public long Step { get; set; } = -1;

    /// <summary>The lowest of its callers' orders: the lowest goes first.</summary>
    public long Order { get; private set; }

    /// <summary>Its part of the KV cache while it runs; null while it waits.</summary>
    public KvSequence? Kv { get; private set; }

    /// <summary>True from the first step with it on.</summary>
    public bool HasStarted => _started != 0;

    /// <summary>Longest that a caller waited for the first step.</summary>
    public TimeSpan QueueTime => _time.GetElapsedTime(Math.Min(_started, _submitted), _started);

    /// <summary>Callers who still want it.</summary>
    public IReadOnlyList<AnswerStream> Streams => _streams;

    /// <summary>All its tokens, the prompt's first.</summary>
    public ReadOnlySpan<int> Tokens => CollectionsMarshal.AsSpan(_tokens);

    /// <summary>Tokens whose keys and values are still to be computed: the rest of a prompt, or the last token generated.</summary>
    public ReadOnlySpan<int> Pending => Tokens[Kv!.Length..];

    /// <summary>Tokens generated.</summary>
    public int GeneratedCount => _tokens.Count - _request.Prompt.Count;

    /// <summary>One more caller, who gets what was sent so far at once.</summary>
    public void Join(AnswerStream stream)
    {
        foreach (GenerationChunk chunk in _sent ?? throw new InvalidOperationException("This answer is one caller's own.")) stream.Send(chunk);
        _streams.Add(stream);
        Order = Math.Min(Order, stream.Order);
    }

    /// <summary>Begins, or begins again after <see cref="Preempt"/>: takes over what the cache knows of its tokens.</summary>
    public void Start(KvSequence kv)
    {
        Kv = kv;
        int reused = kv.Reuse(Tokens);
        if (HasStarted) return;
        _started = Math.Max(1, _time.GetTimestamp());
        _reused = reused;
    }

    /// <summary>Full blocks of its tokens that the cache knows, at the moment.</summary>
    public int CountCached(BlockPool pool) => _cached = pool.CountCached(Keys, Tokens, _cached);

    /// <summary>It is no longer one of those who wait for their first step.</summary>
    /// <returns>True the first time.</returns>
    public bool LeaveQueue()
    {
        bool was = _queued;
        _queued = false;
        return was;
    }

    /// <summary>Gives its blocks back, to go on later from what it has.</summary>
    public void Preempt()
    {
        Kv?.Dispose();
        Kv = null;
    }

    /// <summary>Lets go of one caller: with what there is, where a reason is given.</summary>
    public void Leave(AnswerStream stream, FinishReason? reason)
    {
        _streams.Remove(stream);
        if (_streams.Count == 0) Preempt();
        if (reason is { } why) stream.Send(new GenerationChunk { Text = "", FinishReason = why, Statistics = StatisticsFor(stream) });
        stream.End();
    }

    /// <summary>True where a device can choose its tokens: nothing forbids some, and nobody asks how likely they were.</summary>
    public bool IsChosenByDevice => _constraint is null && _request.LogProbabilities is null && _sampler.IsPlain;

    /// <summary>True where it goes on after the token that comes next, unless that turns out to be the end.</summary>
    public bool WantsTwoTokens => GeneratedCount + 2 <= _mostTokens;

    /// <summary>How the device is to choose the next token.</summary>
    public RowSampling NextChoice() => _sampler.NextRow();

    /// <summary>Takes a token that the device chose, and sends what is complete.</summary>
    /// <param name="token">The token; negative where there was none to choose.</param>
    /// <returns>True where the answer has ended: <see cref="SendEnd"/> tells its callers.</returns>
    /// <exception cref="InvalidOperationException">There was none to choose.</exception>
    public bool Accept(int token) => Take(token >= 0 ? token : throw Sampler.NothingToChoose(), null);

    /// <summary>Chooses the next token by the last row's logits, and sends what is complete.</summary>
    /// <returns>True where the answer has ended: <see cref="SendEnd"/> tells its callers.</returns>
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
        // Log-probabilities are those of the model itself: the sampler leaves the logits as they were, a constraint does not.
        float[]? own = _constraint is not null && _request.LogProbabilities is not null ? logits.ToArray() : null;
        _constraint?.Mask(logits);
        int token = _sampler.Sample(logits, Tokens);
        _constraint?.Advance(token);
        alternatives = _request.LogProbabilities is { } count ? LogProbabilities.Of(own ?? logits, token, count) : null;
        return token;
    }

    /// <summary>Adds a token to the answer, and sends what is complete.</summary>
    /// <returns>True where the answer has ended.</returns>
    private bool Take(int token, TokenLogProbabilities? alternatives)
    {
        _tokens.Add(token);
        _lastToken = _time.GetTimestamp();
        if (_firstToken == 0) _firstToken = _lastToken;

        if (!_request.IgnoreEnd && _tokenizer.EndOfGenerationIds.Contains(token)) return End(token, alternatives, _stops.Flush(_decoder.Flush()), FinishReason.Stop);
        string text = _stops.Append(_decoder.Append(token));
        if (_stops.Stopped) return End(token, alternatives, text, FinishReason.Stop);
        if (_constraint is { IsFinished: true }) return End(token, alternatives, text + _stops.Flush(_decoder.Flush()), FinishReason.Stop);
        if (GeneratedCount >= _mostTokens) return End(token, alternatives, text + _stops.Flush(_decoder.Flush()), FinishReason.Length);
        GenerationChunk chunk = new() { Text = text, Token = token, LogProbabilities = alternatives };
        _sent?.Add(chunk);
        foreach (AnswerStream stream in _streams) stream.Send(chunk);
        return false;
    }

    /// <summary>
    /// Tells all callers of the end, where it has come to one. The last thing done for an answer: whoever hears of it finds its blocks
    /// free and itself counted.
    /// </summary>
    public void SendEnd()
    {
        if (_last is null) return;
        foreach (AnswerStream stream in _streams)
        {
            stream.Send(_last with { Statistics = StatisticsFor(stream) });
            stream.End();
        }
    }

    /// <summary>Ends it without a further token.</summary>
    public void Fail(Exception error)
    {
        Preempt();
        foreach (AnswerStream stream in _streams) stream.Fail(error);
    }

    private bool End(int token, TokenLogProbabilities? alternatives, string text, FinishReason reason)
    {
        _last = new GenerationChunk { Text = text, Token = token, LogProbabilities = alternatives, FinishReason = reason };
        Preempt();
        return true;
    }

    private GenerationStatistics StatisticsFor(AnswerStream stream) => stream.Statistics(_reused, GeneratedCount, _started, _firstToken, _lastToken);
}
