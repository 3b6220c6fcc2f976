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
    public async Task Tokens_that_nobody_was_asked_for_count_as_generated()
    {
        GenerationRequest request = EngineFixture.Greedy(fixture.Engine, "Hello", 60) with
        {
            Constraint = fixture.Engine.Constrain(Grammar.Regex("Each of these words counts, [ab], and these too!")),
        };
        EngineStatistics before = fixture.Engine.GetStatistics();
        List<GenerationChunk> chunks = [];
        await foreach (GenerationChunk chunk in fixture.Engine.GenerateAsync(request, TestContext.Current.CancellationToken)) chunks.Add(chunk);
        EngineStatistics after = fixture.Engine.GetStatistics();

        int tokens = chunks.Count(chunk => chunk.Token is not null);
        Assert.Equal(tokens, chunks[^1].Statistics!.GeneratedTokens);
        Assert.Equal(tokens, after.GeneratedTokens - before.GeneratedTokens);
        // Several came of one step, and each of them was computed but the last.
        Assert.InRange(after.Steps - before.Steps, 1, tokens - 1);
        Assert.Equal(request.Prompt.Count - (after.ReusedTokens - before.ReusedTokens) + tokens - 1, after.ComputedTokens - before.ComputedTokens);
    }

    [Fact]
    public void The_first_masks_are_found_before_an_answer_begins()
    {
        GrammarConstraint constraint = fixture.Engine.Constrain(Grammar.Regex("Only this, [a-z]+ and [0-9]+"));
        long kept = constraint.KeptMaskBytes;
        ConstraintState state = constraint.Start();
        state.Allowed();
        state.TakeForced();
        state.Allowed();

        Assert.Equal(kept, constraint.KeptMaskBytes);
        Assert.True(kept > new GrammarConstraint(Grammar.Regex("Only this, [a-z]+ and [0-9]+"), constraint.Vocabulary).KeptMaskBytes);
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
