using AutoGlm.Engine;
using AutoGlm.Engine.Constraints;
using AutoGlm.Server.Answers;
using AutoGlm.Server.Http;
using AutoGlm.Server.Protocol;

namespace AutoGlm.Server.Endpoints;

/// <summary><c>POST /v1/completions</c>.</summary>
internal sealed class Completions(Serving serving)
{
    public async Task HandleAsync(HttpContext context)
    {
        JsonFields fields = await RequestBody.ReadAsync(context);
        CompletionRequest request = new(fields);
        serving.TellUnread(context, fields);
        serving.Host.CheckModel(request.Model);
        InferenceEngine engine = serving.Host.ForWork;
        CompletionTask task = new(serving, engine, context, request);
        if (request.MaxTokens == 0) await task.EchoAsync();
        else await task.RunAsync();
    }
}

/// <summary>One request for completions.</summary>
internal sealed class CompletionTask
{
    private readonly Serving _serving;
    private readonly InferenceEngine _engine;
    private readonly HttpContext _context;
    private readonly CompletionRequest _request;
    private readonly IReadOnlyList<int>[] _prompts;
    private readonly Completion _frame;

    /// <exception cref="ApiException">A prompt has no tokens, or unknown ones.</exception>
    public CompletionTask(Serving serving, InferenceEngine engine, HttpContext context, CompletionRequest request)
    {
        (_serving, _engine, _context, _request) = (serving, engine, context, request);
        _prompts = [.. request.Prompts.Select(prompt => prompt.Encode(engine))];
        foreach (IReadOnlyList<int> prompt in _prompts) serving.LogPrompt(context, engine, prompt);
        _frame = new Completion
        {
            Id = "cmpl-" + Guid.NewGuid().ToString("N"),
            Created = DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
            Model = serving.Host.ModelId,
            SystemFingerprint = serving.Host.Fingerprint,
            Choices = [],
        };
    }

    private int Count => _prompts.Length * _request.N;

    /// <summary>No tokens are wanted: the prompts alone.</summary>
    public async Task EchoAsync()
    {
        int tokens = _prompts.Sum(prompt => prompt.Count);
        Completion completion = _frame with
        {
            Choices = [.. Enumerable.Range(0, Count).Select(i => new CompletionChoice(i, EchoOf(i), null, "length"))],
            Usage = new Usage(tokens, 0, tokens, new PromptTokensDetails(0), new CompletionTokensDetails(0)),
        };
        if (!_request.Stream)
        {
            await _context.WriteJsonAsync(completion, ProtocolJson.Wire.Completion);
            return;
        }

        EventStream stream = new(_context, _serving.Options, _serving.Log);
        stream.Write(completion, ProtocolJson.Wire.Completion);
        stream.WriteDone();
        await stream.FlushAsync();
    }

    public async Task RunAsync()
    {
        GrammarConstraint? constraint = _request.ResponseFormat.Constrain(_engine);
        GenerationRequest[] requests =
        [
            .. Enumerable.Range(0, Count).Select(i => _request.ToEngine(_engine, _context, _prompts[i / _request.N], i % _request.N) with
            {
                MaxTokens = _request.MaxTokens,
                LogProbabilities = _request.Logprobs,
                Constraint = constraint,
            }),
        ];
        Answer[] answers = [.. requests.Select(_ => new Answer(_engine.Tokenizer))];
        await using AnswerRun run = AnswerRun.Start(_serving, _context, _engine, requests);
        if (_request.Stream) await _serving.StreamAsync(_context, stream => StreamAsync(run, stream, answers));
        else await AnswerAsync(run, answers);
    }

    private async Task AnswerAsync(AnswerRun run, Answer[] answers)
    {
        await foreach (AnswerPiece piece in run.Pieces.ReadAllAsync(_context.RequestAborted)) answers[piece.Choice].Add(piece.Chunk);
        Completion completion = _frame with
        {
            Choices = [.. answers.Select((answer, i) => new CompletionChoice(i, EchoOf(i) + answer.Text, Logprobs(answer.Logprobs, 0), answer.FinishReason))],
            Usage = Answer.UsageOf(answers, _request.N),
            Timings = Answer.TimingsOf(answers),
        };
        await _context.WriteJsonAsync(completion, ProtocolJson.Wire.Completion);
    }

    private async Task StreamAsync(AnswerRun run, EventStream stream, Answer[] answers)
    {
        bool[] begun = new bool[answers.Length];
        int[] offsets = new int[answers.Length];
        await StreamPump.RunAsync(run.Pieces, stream, piece =>
        {
            int choice = piece.Choice;
            (AnswerParts delta, TokenLogprob? logprob) = answers[choice].Add(piece.Chunk);
            string text = (begun[choice] ? "" : EchoOf(choice)) + delta.Text;
            begun[choice] = true;
            CompletionLogprobs? logprobs = logprob is null ? null : Logprobs([logprob], offsets[choice]);
            offsets[choice] += logprob?.Token.Length ?? 0;
            if (text.Length == 0 && logprobs is null && answers[choice].FinishReason is null) return;
            Timings? timings = answers[choice].FinishReason is null ? null : Answer.TimingsOf(answers);
            stream.Write(_frame with { Choices = [new CompletionChoice(choice, text, logprobs, answers[choice].FinishReason)], Timings = timings }, ProtocolJson.Wire.Completion);
        });
        if (_request.IncludeUsage) stream.Write(_frame with { Usage = Answer.UsageOf(answers, _request.N) }, ProtocolJson.Wire.Completion);
        stream.WriteDone();
        await stream.FlushAsync();
    }

    private string EchoOf(int choice)
    {
        if (!_request.Echo) return "";
        PromptText prompt = _request.Prompts[choice / _request.N];
        return prompt.Text ?? _engine.Tokenizer.Decode([.. prompt.Tokens!], skipSpecial: true);
    }

    private CompletionLogprobs? Logprobs(IReadOnlyList<TokenLogprob> tokens, int offset)
    {
        if (_request.Logprobs is null) return null;
        List<int> offsets = [];
        foreach (TokenLogprob token in tokens)
        {
            offsets.Add(offset);
            offset += token.Token.Length;
        }

        return new CompletionLogprobs([.. tokens.Select(token => token.Token)], [.. tokens.Select(token => token.Logprob)], [.. tokens.Select(ByText)], offsets);
    }

    /// <summary>Several tokens may have one text, such as halves of characters: the likeliest of them counts.</summary>
    private static Dictionary<string, double> ByText(TokenLogprob token) =>
        token.TopLogprobs!.GroupBy(other => other.Token).ToDictionary(group => group.Key, group => group.Max(other => other.Logprob));
}
