using System.ClientModel;
using System.Text;
using AutoGlm.Engine;
using OpenAI.Chat;
using OpenAI.Embeddings;
using OpenAI.Models;

namespace AutoGlm.Server.Tests;

/// <summary>OpenAI's .NET package against a live server.</summary>
public class OpenAIClientTests(ServerFixture fixture)
{
    private static readonly ChatCompletionOptions Greedy = new() { Temperature = 0, MaxOutputTokenCount = 8 };

    private ChatClient Chat => fixture.Client().GetChatClient("autoglm-mini");

    [Fact]
    public async Task Chat_answers_as_the_engine_does()
    {
        string expected = await AnswerAsync("Name three colours.", 8);

        ChatCompletion completion = await Chat.CompleteChatAsync([new UserChatMessage("Name three colours.")], Greedy);

        Assert.Equal(expected, completion.Content[0].Text);
        Assert.Equal(ChatFinishReason.Length, completion.FinishReason);
        Assert.Equal(8, completion.Usage.OutputTokenCount);
        Assert.Equal(ChatMessageRole.Assistant, completion.Role);
        Assert.Equal("autoglm-mini", completion.Model);
    }

    [Fact]
    public async Task Streamed_chat_says_the_same_with_usage_at_the_end()
    {
        string expected = await AnswerAsync("Name the largest ocean.", 8);
        StringBuilder text = new();
        ChatFinishReason? finish = null;
        ChatTokenUsage? usage = null;

        await foreach (StreamingChatCompletionUpdate update in Chat.CompleteChatStreamingAsync([new UserChatMessage("Name the largest ocean.")], Greedy))
        {
            foreach (ChatMessageContentPart part in update.ContentUpdate) text.Append(part.Text);
            finish = update.FinishReason ?? finish;
            usage = update.Usage ?? usage;
        }

        Assert.Equal(expected, text.ToString());
        Assert.Equal(ChatFinishReason.Length, finish);
        Assert.Equal(8, usage!.OutputTokenCount);
    }

    [Fact]
    public async Task What_was_said_before_is_not_computed_again()
    {
        await using AutoGlmServer server = await ServerFixture.StartAsync(ServerFixture.Options with { Engine = ServerFixture.Options.Engine with { PrefixCache = true } });
        ChatClient chat = ServerFixture.ClientFor(server).GetChatClient("autoglm-mini");
        string story = string.Concat(Enumerable.Repeat("The lighthouse keeper counted the ships. ", 12));
        List<ChatMessage> messages = [new UserChatMessage(story)];
        ChatCompletion first = await chat.CompleteChatAsync(messages, Greedy);
        messages.AddRange([new AssistantChatMessage(first.Content[0].Text), new UserChatMessage("And then?")]);

        ChatCompletion second = await chat.CompleteChatAsync(messages, Greedy);

        Assert.True(second.Usage.InputTokenDetails.CachedTokenCount >= first.Usage.InputTokenCount - 16, $"{second.Usage.InputTokenDetails.CachedTokenCount} of {first.Usage.InputTokenCount} tokens were cached");
    }

    [Fact]
    public async Task Log_probabilities_come_with_alternatives()
    {
        ChatCompletionOptions options = new() { Temperature = 0, MaxOutputTokenCount = 3, IncludeLogProbabilities = true, TopLogProbabilityCount = 2 };

        ChatCompletion completion = await Chat.CompleteChatAsync([new UserChatMessage("Hello")], options);

        Assert.Equal(3, completion.ContentTokenLogProbabilities.Count);
        Assert.All(completion.ContentTokenLogProbabilities, token =>
        {
            Assert.Equal(2, token.TopLogProbabilities.Count);
            Assert.True(token.TopLogProbabilities[0].LogProbability >= token.TopLogProbabilities[1].LogProbability);
            Assert.Contains(token.LogProbability, token.TopLogProbabilities.Select(other => other.LogProbability));
            Assert.True(token.LogProbability is <= 0 and > -20);
        });
        Assert.Equal(completion.Content[0].Text, string.Concat(completion.ContentTokenLogProbabilities.Select(token => token.Token)));
    }

    [Fact]
    public async Task Stop_texts_end_answers_and_are_not_part_of_them()
    {
        string whole = await AnswerAsync("Name three colours.", 8);
        string stop = whole[^6..^2];
        ChatCompletionOptions options = new() { Temperature = 0, MaxOutputTokenCount = 8, StopSequences = { stop } };

        ChatCompletion completion = await Chat.CompleteChatAsync([new UserChatMessage("Name three colours.")], options);

        Assert.Equal(whole[..whole.IndexOf(stop, StringComparison.Ordinal)], completion.Content[0].Text);
        Assert.Equal(ChatFinishReason.Stop, completion.FinishReason);
    }

    [Fact]
    public async Task Biased_tokens_win()
    {
        int token = fixture.Engine.Tokenizer.Encode("blue", false, false)[0];
        ChatCompletionOptions options = new() { Temperature = 0, MaxOutputTokenCount = 2, LogitBiases = { [token] = 100 } };

        ChatCompletion completion = await Chat.CompleteChatAsync([new UserChatMessage("Hello")], options);

        Assert.Equal("blueblue", completion.Content[0].Text);
    }

    [Fact]
    public async Task Embeddings_have_length_one_and_tell_texts_apart()
    {
        EmbeddingClient client = fixture.Client().GetEmbeddingClient("autoglm-mini");

        OpenAIEmbeddingCollection all = await client.GenerateEmbeddingsAsync(["The sea is calm.", "The ocean is calm.", "int main(void) { return 0; }"]);

        float[][] vectors = [.. all.Select(one => one.ToFloats().ToArray())];
        Assert.All(vectors, vector => Assert.Equal(1, vector.Sum(x => (double)x * x), 1e-4));
        Assert.Equal(fixture.Engine.EmbeddingWidth, vectors[0].Length);
        double Cosine(int a, int b) => vectors[a].Zip(vectors[b], (x, y) => (double)x * y).Sum();
        Assert.True(Cosine(0, 1) > Cosine(0, 2));
        Assert.True(all.Usage.InputTokenCount > 10);
    }

    [Fact]
    public async Task Models_are_listed_and_found()
    {
        OpenAIModelClient client = fixture.Client().GetOpenAIModelClient();

        OpenAIModelCollection models = await client.GetModelsAsync();
        OpenAIModel model = await client.GetModelAsync("autoglm-mini");
        ClientResultException missing = await Assert.ThrowsAsync<ClientResultException>(() => client.GetModelAsync("gpt-4"));

        Assert.Equal("autoglm-mini", Assert.Single(models).Id);
        Assert.Equal("autoglm", model.OwnedBy);
        Assert.Equal(404, missing.Status);
        Assert.Contains("model_not_found", missing.Message);
    }

    [Fact]
    public async Task A_conversation_over_the_context_is_refused_with_its_numbers()
    {
        string text = string.Concat(Enumerable.Repeat("word ", 2000));

        ClientResultException error = await Assert.ThrowsAsync<ClientResultException>(() => Chat.CompleteChatAsync([new UserChatMessage(text)], Greedy));

        Assert.Equal(400, error.Status);
        Assert.Contains("context_length_exceeded", error.Message);
        Assert.Contains("1,024", error.Message);
    }

    private async Task<string> AnswerAsync(string user, int tokens)
    {
        StringBuilder text = new();
        GenerationRequest request = new() { Prompt = fixture.Engine.EncodeChat([new("user", user)]), MaxTokens = tokens, Sampling = fixture.Engine.DefaultSampling with { Temperature = 0 } };
        await foreach (GenerationChunk chunk in fixture.Engine.GenerateAsync(request, TestContext.Current.CancellationToken)) text.Append(chunk.Text);
        return text.ToString();
    }
}
