using AutoGlm.Engine;
using AutoGlm.Engine.Sampling;
using AutoGlm.Engine.Tools;
using AutoGlm.Server.Answers;
using AutoGlm.Server.Http;
using AutoGlm.Server.Protocol;

namespace AutoGlm.Server.Endpoints;

/// <summary><c>GET /props</c> and <c>POST /apply-template</c>, which llama.cpp's clients ask.</summary>
internal sealed class LlamaInfo(Serving serving)
{
    private static readonly string s_build = "autoglm " + (typeof(LlamaInfo).Assembly.GetName().Version?.ToString(3) ?? "0");

    public Task PropsAsync(HttpContext context)
    {
        InferenceEngine engine = serving.Host.ForWork;
        SamplingOptions sampling = engine.DefaultSampling;
        LlamaProps props = new(
            new LlamaSettings(engine.Context, new LlamaParams(
                sampling.Temperature, sampling.TopK, sampling.TopP, sampling.MinP, sampling.TypicalP, sampling.PenaltyWindow, sampling.RepetitionPenalty, sampling.PresencePenalty, sampling.FrequencyPenalty)),
            serving.Options.Engine.MaxSequences,
            serving.Host.ModelId,
            serving.Host.ModelId,
            engine.Model.ChatTemplate ?? "",
            Text(engine, engine.Tokenizer.BosId),
            Text(engine, engine.Tokenizer.EosId),
            new LlamaModalities(false, false),
            s_build);
        return context.WriteJsonAsync(props, ProtocolJson.Wire.LlamaProps);
    }

    public async Task ApplyTemplateAsync(HttpContext context)
    {
        JsonFields fields = await RequestBody.ReadAsync(context);
        ChatCompletionRequest request = new(fields);
        serving.TellUnread(context, fields);
        InferenceEngine engine = serving.Host.ForWork;
        PreparedChat chat = ChatTask.Prepare(engine, request.Messages, request.Tools, request.ResponseFormat, request.ChatTemplateKwargs, request.ReasoningEffort);
        await context.WriteJsonAsync(new AppliedTemplate(engine.Tokenizer.Decode([.. chat.Prompt], skipSpecial: false)), ProtocolJson.Wire.AppliedTemplate);
    }

    private static string Text(InferenceEngine engine, int? token) => token is { } id ? engine.Tokenizer.TokenText(id) : "";
}
