using AutoGlm.Engine;
using AutoGlm.Engine.Tools;
using AutoGlm.Server.Answers;
using AutoGlm.Server.Http;
using AutoGlm.Server.Protocol;

namespace AutoGlm.Server.Endpoints;

/// <summary><c>POST /v1/chat/completions</c>.</summary>
internal sealed class ChatCompletions(Serving serving)
{
    public async Task HandleAsync(HttpContext context)
    {
        JsonFields fields = await RequestBody.ReadAsync(context);
        ChatCompletionRequest request = new(fields);
        serving.TellUnread(context, fields);
        serving.Host.CheckModel(request.Model);
        InferenceEngine engine = serving.Host.ForWork;
        PreparedChat chat = ChatTask.Prepare(engine, request.Messages, request.Tools, request.ResponseFormat, request.ChatTemplateKwargs, request.ReasoningEffort);
        serving.LogPrompt(context, engine, chat.Prompt);
        GenerationRequest[] requests =
        [
            .. Enumerable.Range(0, request.N).Select(i => request.ToEngine(engine, context, chat.Prompt, i) with
            {
                Constraint = chat.Constraint,
                KeepControlTokens = chat.KeepControlTokens,
                MaxTokens = request.MaxTokens,
                LogProbabilities = request.Logprobs ? request.TopLogprobs ?? 0 : null,
            }),
        ];
        Answer[] answers = [.. requests.Select(_ => new Answer(engine.Tokenizer, chat.CreateParser()))];
        await using AnswerRun run = AnswerRun.Start(serving, context, engine, requests);
        if (request.Stream) await serving.StreamAsync(context, stream => StreamAsync(run, stream, request, answers));
        else await AnswerAsync(run, context, request, answers);
    }

    private async Task AnswerAsync(AnswerRun run, HttpContext context, ChatCompletionRequest request, Answer[] answers)
    {
        await foreach (AnswerPiece piece in run.Pieces.ReadAllAsync(context.RequestAborted)) answers[piece.Choice].Add(piece.Chunk);
        ChatCompletion completion = new()
        {
            Id = NewId(),
            Created = DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
            Model = serving.Host.ModelId,
            SystemFingerprint = serving.Host.Fingerprint,
            Choices = [.. answers.Select((answer, i) => new ChatChoice(i, ToMessage(answer), request.Logprobs ? new ChatLogprobs(answer.Logprobs) : null, answer.FinishReason!))],
            Usage = Answer.UsageOf(answers, answers.Length),
            Timings = Answer.TimingsOf(answers),
        };
        await context.WriteJsonAsync(completion, ProtocolJson.Wire.ChatCompletion);
    }

    private async Task StreamAsync(AnswerRun run, EventStream stream, ChatCompletionRequest request, Answer[] answers)
    {
        ChatCompletionChunk frame = new()
        {
            Id = NewId(),
            Created = DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
            Model = serving.Host.ModelId,
            SystemFingerprint = serving.Host.Fingerprint,
            Choices = [],
        };
        bool[] begun = new bool[answers.Length];
        void Send(int choice, ChatDelta delta, TokenLogprob? logprob, string? finish) => stream.Write(
            frame with { Choices = [new ChatChunkChoice(choice, delta, logprob is null ? null : new ChatLogprobs([logprob]), finish)], Timings = finish is null ? null : Answer.TimingsOf(answers) },
            ProtocolJson.Wire.ChatCompletionChunk);

        await StreamPump.RunAsync(run.Pieces, stream, piece =>
        {
            Answer answer = answers[piece.Choice];
            (AnswerParts delta, TokenLogprob? logprob) = answer.Add(piece.Chunk);
            if (!begun[piece.Choice]) Send(piece.Choice, new ChatDelta { Role = "assistant", Content = "" }, null, null);
            begun[piece.Choice] = true;
            if (!delta.IsEmpty || logprob is not null) Send(piece.Choice, ToDelta(delta), logprob, null);
            if (answer.FinishReason is { } finish) Send(piece.Choice, new ChatDelta(), null, finish);
        });
        if (request.IncludeUsage) stream.Write(frame with { Usage = Answer.UsageOf(answers, answers.Length) }, ProtocolJson.Wire.ChatCompletionChunk);
        stream.WriteDone();
        await stream.FlushAsync();
    }

    private static string NewId() => "chatcmpl-" + Guid.NewGuid().ToString("N");

    private static AssistantMessage ToMessage(Answer answer) => new()
    {
        Content = answer.Calls.Count > 0 && answer.Text.Length == 0 ? null : answer.Text,
        ReasoningContent = answer.Thought,
        ToolCalls = answer.Calls.Count > 0 ? answer.Calls : null,
    };

    private static ChatDelta ToDelta(AnswerParts delta) => new()
    {
        Content = delta.Text.Length > 0 || (delta.Thought.Length == 0 && delta.Calls.Count == 0) ? delta.Text : null,
        ReasoningContent = delta.Thought.Length > 0 ? delta.Thought : null,
        ToolCalls = delta.Calls.Count > 0 ? delta.Calls : null,
    };
}
