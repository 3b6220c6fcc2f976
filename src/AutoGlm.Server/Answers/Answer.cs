using System.Text;
using AutoGlm.Engine;
using AutoGlm.Engine.Tools;
using AutoGlm.Formats.Tokenizers;
using AutoGlm.Server.Protocol;
using ToolCallDelta = AutoGlm.Server.Protocol.ToolCallDelta;

namespace AutoGlm.Server.Answers;

/// <summary>One answer as it comes: its parts so far, and at its end why and with how many tokens it ended.</summary>
/// <param name="tokenizer">Of its tokens.</param>
/// <param name="parser">Tells its parts; null where all is text.</param>
internal sealed class Answer(Tokenizer tokenizer, AnswerParser? parser = null)
{
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _thought = new();
    private readonly List<ToolCall> _calls = [];
    private readonly List<TokenLogprob> _logprobs = [];
    private bool _isThinking;

    public string Text => _text.ToString();

    /// <summary>Null where there was none.</summary>
    public string? Thought => _thought.Length > 0 ? _thought.ToString() : null;

    public IReadOnlyList<ToolCall> Calls => _calls;

    public IReadOnlyList<TokenLogprob> Logprobs => _logprobs;

    /// <summary>Tokens that came while it thought.</summary>
    public int ThoughtTokens { get; private set; }

    /// <summary>stop, length or tool_calls; null until it ended.</summary>
    public string? FinishReason { get; private set; }

    /// <summary>What it took; null until it ended.</summary>
    public GenerationStatistics? Statistics { get; private set; }

    /// <summary>Takes a piece; gives what it adds.</summary>
    public (AnswerParts Parts, TokenLogprob? Logprob) Add(GenerationChunk chunk)
    {
        AnswerParts delta = Read(chunk);
        if (delta.Thought.Length > 0) _isThinking = true;
        if (delta.Text.Length > 0 || delta.Calls.Count > 0) _isThinking = false;
        if (_isThinking) ThoughtTokens++;
        _text.Append(delta.Text);
        _thought.Append(delta.Thought);
        foreach (ToolCallDelta call in delta.Calls) Add(call);
        TokenLogprob? logprob = IsEnd(chunk) ? null : Logprob.Of(tokenizer, chunk.LogProbabilities);
        if (logprob is not null) _logprobs.Add(logprob);
        if (chunk.FinishReason is { } reason)
        {
            FinishReason = reason is Engine.FinishReason.Length or Engine.FinishReason.Deadline ? "length" : _calls.Count > 0 ? "tool_calls" : "stop";
            Statistics = chunk.Statistics;
        }

        return (delta, logprob);
    }

    /// <summary>Tokens of all answers; a prompt counts once, and so does what was cached of it.</summary>
    /// <param name="answers">All, ended.</param>
    /// <param name="eachPrompt">Answers to each prompt.</param>
    public static Usage UsageOf(IReadOnlyList<Answer> answers, int eachPrompt)
    {
        int prompt = 0, cached = 0, generated = 0;
        foreach (GenerationStatistics[] group in answers.Select(answer => answer.Statistics!).Chunk(eachPrompt))
        {
            prompt += group[0].PromptTokens;
            cached += group.Min(statistics => statistics.ReusedTokens);
            generated += group.Sum(statistics => statistics.GeneratedTokens);
        }

        return new Usage(prompt, generated, prompt + generated, new PromptTokensDetails(cached), new CompletionTokensDetails(answers.Sum(answer => answer.ThoughtTokens)));
    }

    /// <summary>How fast the answer was; null where there are several, which have no time of their own.</summary>
    public static Timings? TimingsOf(IReadOnlyList<Answer> answers) => answers.Count == 1 ? Timings.Of(answers[0].Statistics!) : null;

    private AnswerParts Read(GenerationChunk chunk)
    {
        if (parser is null) return AnswerParts.OfText(chunk.Text);
        IReadOnlyList<AnswerDelta> deltas = parser.Append(chunk.Text);
        return AnswerParts.Of(chunk.FinishReason is null ? deltas : [.. deltas, .. parser.Flush()]);
    }

    /// <summary>The token that ends an answer is no part of its text.</summary>
    private bool IsEnd(GenerationChunk chunk) => chunk.FinishReason is not null && chunk.Token is { } token && tokenizer.EndOfGenerationIds.Contains(token);

    private void Add(ToolCallDelta delta)
    {
        if (delta.Index == _calls.Count) _calls.Add(new ToolCall(delta.Id!, new FunctionCall(delta.Function.Name!, "")));
        ToolCall call = _calls[delta.Index];
        if (delta.Function.Arguments is { Length: > 0 } more) _calls[delta.Index] = call with { Function = call.Function with { Arguments = call.Function.Arguments + more } };
    }
}
