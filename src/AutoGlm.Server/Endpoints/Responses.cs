using System.Text.Json;
using AutoGlm.Engine;
using AutoGlm.Engine.Sampling;
using AutoGlm.Engine.Tools;
using AutoGlm.Server.Answers;
using AutoGlm.Server.Http;
using AutoGlm.Server.Protocol;

namespace AutoGlm.Server.Endpoints;

/// <summary><c>/v1/responses</c>: answers that the server remembers, so that the next can go on from them.</summary>
internal sealed class Responses(Serving serving, ResponseStore store)
{
    private static readonly JsonElement NoTools = JsonElement.Parse("[]");
    private static readonly JsonElement AutoChoice = JsonElement.Parse("\"auto\"");
    private static readonly JsonElement PlainText = JsonElement.Parse("""{"format":{"type":"text"}}""");
    private static readonly JsonElement NoMetadata = JsonElement.Parse("{}");

    public async Task CreateAsync(HttpContext context)
    {
        JsonFields fields = await RequestBody.ReadAsync(context);
        ResponseRequest request = new(fields);
        serving.TellUnread(context, fields);
        serving.Host.CheckModel(request.Model);
        InferenceEngine engine = serving.Host.ForWork;
        List<ChatMessage> conversation = [.. Previous(context, request.PreviousResponseId), .. request.Input];
        PreparedChat chat = ChatTask.Prepare(engine, ResponseInput.Instruct(request.Instructions, conversation), request.Tools, request.Format, null, request.ReasoningEffort);
        serving.LogPrompt(context, engine, chat.Prompt);
        GenerationRequest generation = request.ToEngine(engine, context, chat.Prompt, 0) with
        {
            Constraint = chat.Constraint,
            KeepControlTokens = chat.KeepControlTokens,
            MaxTokens = request.MaxOutputTokens,
        };
        await using AnswerRun run = AnswerRun.Start(serving, context, engine, [generation]);
        ResponseTask task = new(run, Begin(request, engine), new Answer(engine.Tokenizer, chat.CreateParser()), (response, said) =>
        {
            if (request.Store) store.Add(Tenant.Of(context), new StoredResponse(response, [.. conversation, said]));
        });
        if (request.Stream) await serving.StreamAsync(context, task.StreamAsync, task.Fail);
        else await context.WriteJsonAsync(await task.AnswerAsync(context.RequestAborted), ProtocolJson.Wire.ModelResponse);
    }

    public Task GetAsync(HttpContext context)
    {
        string id = IdOf(context);
        return context.WriteJsonAsync((store.Find(Tenant.Of(context), id) ?? throw Unknown(id)).Response, ProtocolJson.Wire.ModelResponse);
    }

    public Task DeleteAsync(HttpContext context)
    {
        string id = IdOf(context);
        if (!store.Remove(Tenant.Of(context), id)) throw Unknown(id);
        return context.WriteJsonAsync(new DeletedResponse(id), ProtocolJson.Wire.DeletedResponse);
    }

    private IReadOnlyList<ChatMessage> Previous(HttpContext context, string? id)
    {
        if (id is null) return [];
        StoredResponse? stored = store.Find(Tenant.Of(context), id);
        return stored?.Conversation ?? throw ApiException.Invalid(
            "previous_response_id",
            $"There is no response {JsonFields.Quote(id)} any more, or there never was; send the whole conversation as input.",
            "previous_response_not_found");
    }

    private ModelResponse Begin(ResponseRequest request, InferenceEngine engine)
    {
        SamplingOptions sampling = request.ToSampling(engine);
        return new ModelResponse
        {
            Id = "resp_" + Guid.NewGuid().ToString("N"),
            CreatedAt = DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
            Status = "in_progress",
            Instructions = request.Instructions,
            MaxOutputTokens = request.MaxOutputTokens,
            Model = serving.Host.ModelId,
            ParallelToolCalls = request.Tools.Parallel,
            PreviousResponseId = request.PreviousResponseId,
            Store = request.Store,
            Temperature = sampling.Temperature,
            TopP = sampling.TopP,
            Text = request.Text is { } text && text.TryGetProperty("format", out _) ? text : PlainText,
            ToolChoice = request.ToolChoice ?? AutoChoice,
            Tools = request.ToolList ?? NoTools,
            Metadata = request.Metadata ?? NoMetadata,
        };
    }

    private static string IdOf(HttpContext context) => (string)context.Request.RouteValues["id"]!;

    private static ApiException Unknown(string id) => ApiException.NotFound($"There is no response {JsonFields.Quote(id)}; it was deleted, forgotten for newer ones, or made with \"store\": false.", "id", "response_not_found");
}

/// <summary>One response on its way.</summary>
/// <param name="run">Its answer.</param>
/// <param name="frame">The response without what the model does.</param>
/// <param name="answer">Reads the answer.</param>
/// <param name="keep">Takes the response when it ends, before its client does, and what the model said as a message.</param>
internal sealed class ResponseTask(AnswerRun run, ModelResponse frame, Answer answer, Action<ModelResponse, ChatMessage> keep)
{
    private int _told;
    private bool _begun;

    public async Task<ModelResponse> AnswerAsync(CancellationToken cancellation)
    {
        ResponseOutput output = new(_ => { });
        await foreach (AnswerPiece piece in run.Pieces.ReadAllAsync(cancellation)) output.Add(answer.Add(piece.Chunk).Parts);
        return End(output);
    }

    public async Task StreamAsync(EventStream stream)
    {
        ResponseOutput output = new(what => Tell(stream, what));
        await StreamPump.RunAsync(run.Pieces, stream, piece =>
        {
            Begin(stream);
            output.Add(answer.Add(piece.Chunk).Parts);
        });
        ModelResponse response = End(output);
        Tell(stream, new ResponseEvent("response." + response.Status) { Response = response });
        await stream.FlushAsync();
    }

    /// <summary>What goes wrong once the stream has begun.</summary>
    public void Fail(EventStream stream, ApiException error)
    {
        string code = error.Code ?? error.Type;
        Tell(stream, _begun
            ? new ResponseEvent("response.failed") { Response = frame with { Status = "failed", Error = new ResponseError(code, error.Message) } }
            : new ResponseEvent("error") { Code = code, Message = error.Message });
    }

    private void Begin(EventStream stream)
    {
        if (_begun) return;
        _begun = true;
        Tell(stream, new ResponseEvent("response.created") { Response = frame });
        Tell(stream, new ResponseEvent("response.in_progress") { Response = frame });
    }

    private ModelResponse End(ResponseOutput output)
    {
        string status = answer.FinishReason == "length" ? "incomplete" : "completed";
        output.End(status);
        Usage usage = Answer.UsageOf([answer], 1);
        ModelResponse response = frame with
        {
            Status = status,
            IncompleteDetails = status == "incomplete" ? new IncompleteDetails("max_output_tokens") : null,
            Output = output.Items,
            Usage = new ResponseUsage(usage.PromptTokens, usage.PromptTokensDetails, usage.CompletionTokens, usage.CompletionTokensDetails, usage.TotalTokens),
        };
        keep(response, new ChatMessage("assistant", answer.Text) { ReasoningContent = answer.Thought, ToolCalls = [.. answer.Calls] });
        return response;
    }

    private void Tell(EventStream stream, ResponseEvent what) => stream.Write(what with { SequenceNumber = _told++ }, ProtocolJson.Wire.ResponseEvent, what.Type);
}
