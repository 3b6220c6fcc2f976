using AutoGlm.Engine.Constraints;
using AutoGlm.Engine.Sampling;

namespace AutoGlm.Engine.Tests.Constraints;

public class ConstrainedGenerationTests(EngineFixture fixture) : IClassFixture<EngineFixture>
{
    [Theory]
    [InlineData("(Paris|London), (19|20)[0-9]{2}\\.")]
    [InlineData("[a-z]{3,9}( [a-z]{3,9}){2}")]
    [InlineData("\\{\"name\":\"[A-Z][a-z]{2,8}\",\"forced\":\"this can only be so\"\\}")]
    public async Task The_answer_matches_as_a_whole(string pattern)
    {
        foreach (float temperature in (float[])[0, 1.5f])
        {
            GenerationRequest request = EngineFixture.Greedy(fixture.Engine, "Tell me something.", 60) with
            {
                Constraint = fixture.Engine.Constrain(Grammar.Regex(pattern)),
                Sampling = new SamplingOptions { Temperature = temperature, Seed = 5 },
                LogProbabilities = 2,
            };
            (string text, GenerationChunk last) = await EngineFixture.AnswerAsync(fixture.Engine, request);

            Assert.Matches($"^(?:{pattern})$", text);
            Assert.Equal(FinishReason.Stop, last.FinishReason);
        }
    }

    [Fact]
    public async Task What_can_only_come_next_is_not_asked_for()
    {
        int asked = 0, tokens = 0;
        GenerationRequest request = EngineFixture.Greedy(fixture.Engine, "Hi", 60) with
        {
            Constraint = fixture.Engine.Constrain(Grammar.Regex("This sentence is given word by word, [ab]!")),
            LogProbabilities = 0,
        };
        await foreach (GenerationChunk chunk in fixture.Engine.GenerateAsync(request, TestContext.Current.CancellationToken))
        {
            tokens++;
            if (chunk.LogProbabilities is not null) asked++;
        }

        Assert.True(asked <= tokens / 2, $"{asked} of {tokens} tokens were asked for");
    }

    [Fact]
    public void Grammars_used_last_are_kept_and_those_of_other_models_refused()
    {
        GrammarConstraint constraint = fixture.Engine.Constrain(Grammar.JsonObject());
        Assert.Same(constraint, fixture.Engine.Constrain(Grammar.JsonObject()));
        Assert.NotSame(constraint, fixture.Engine.Constrain(Grammar.JsonObject(JsonWhitespace.Limited)));
        GenerationRequest foreign = EngineFixture.Greedy(fixture.Engine, "Hi") with { Constraint = Walks.Small(Grammar.JsonObject()) };
        Assert.Throws<ArgumentException>(() => fixture.Engine.GenerateAsync(foreign));
    }

    [Fact]
    public void Many_threads_share_one()
    {
        GrammarConstraint constraint = new(Grammar.JsonObject(), TestVocabulary.Mini);
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 4 }, seed =>
        {
            (string text, bool isWhole) = Walks.Generate(constraint, new Random(seed), 40);
            if (isWhole) System.Text.Json.JsonDocument.Parse(text).Dispose();
        });
    }
}
