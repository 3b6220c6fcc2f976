using AutoGlm.Engine;
using AutoGlm.Server.Answers;
using AutoGlm.Server.Http;
using AutoGlm.Server.Protocol;

namespace AutoGlm.Server.Endpoints;

/// <summary><c>POST /completion</c>: going on from a text in llama-server's own shape, for clients made for it.</summary>
internal sealed class LlamaCompletions(Serving serving)
{
    public async Task HandleAsync(HttpContext context)
    {
        JsonFields fields = await RequestBody.ReadAsync(context);
        LlamaCompletionRequest request = new(fields);
        serving.TellUnread(context, fields);
        serving.Host.CheckModel(request.Model);
        InferenceEngine engine = serving.Host.ForWork;
        IReadOnlyList<int> prompt = request.Prompt.Encode(engine);
        serving.LogPrompt(context, engine, prompt);
        GenerationRequest generation = request.ToEngine(engine, context, prompt, 0) with
        {
            MaxTokens = request.NPredict,
            LogProbabilities = request.NProbs,
            Constraint = request.ResponseFormat.Constrain(engine),
        };
        await using AnswerRun run = AnswerRun.Start(serving, context, engine, [generation]);
        LlamaAnswer answer = new(engine, request, prompt.Count, serving.Host.ModelId);
        if (request.Stream) await serving.StreamAsync(context, stream => StreamAsync(run, stream, answer));
        else await AnswerAsync(run, context, answer);
    }

    private static async Task AnswerAsync(AnswerRun run, HttpContext context, LlamaAnswer answer)
    {
        LlamaCompletion? last = null;
        await foreach (AnswerPiece piece in run.Pieces.ReadAllAsync(context.RequestAborted)) last = answer.Add(piece.Chunk);
        await context.WriteJsonAsync(answer.Whole(last!), ProtocolJson.Wire.LlamaCompletion);
    }

    private static Task StreamAsync(AnswerRun run, EventStream stream, LlamaAnswer answer) => StreamPump.RunAsync(run.Pieces, stream, piece =>
    {
        LlamaCompletion next = answer.Add(piece.Chunk);
        if (next.Stop || next.Content.Length > 0 || next.Tokens.Count > 0 || next.CompletionProbabilities is not null) stream.Write(next, ProtocolJson.Wire.LlamaCompletion);
    });
}
