using System.Text.Json;
using AutoGlm.Engine.Constraints;
using AutoGlm.Engine.Constraints.Syntax;
using AutoGlm.Engine.Tests.Constraints;
using AutoGlm.Engine.Tools;

namespace AutoGlm.Engine.Tests.Tools;

/// <summary>Whatever a model likes, what it writes under a format's grammar is read back as calls that satisfy their schemas.</summary>
public class AnswerGrammarTests
{
    public static TheoryData<string> Families => [.. SomeTools.Formats.Keys];

    [Theory]
    [MemberData(nameof(Families))]
    public void Required_calls_are_calls(string family)
    {
        ToolFormat format = SomeTools.Formats[family];
        GrammarConstraint constraint = Constraint(format, mustCall: true, startsInReasoning: false);
        int ended = 0;
        for (int seed = 0; seed < 25; seed++)
        {
            (string text, bool isWhole) = Walks.Generate(constraint, new Random(seed), 900);
            if (!isWhole) continue;
            ended++;
            CheckCalls(Answers.Read(() => Answers.Parser(format), [text]), text);
        }

        Assert.True(ended >= 2, $"{ended} answers came to an end");
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void An_answer_may_be_text_and_a_call_once_begun_is_held_to_its_grammar(string family)
    {
        ToolFormat format = SomeTools.Formats[family];
        GrammarConstraint constraint = Constraint(format, mustCall: false, startsInReasoning: false);
        string start = format is HarmonyToolFormat ? "<|channel|>final<|message|>" : "";
        Assert.True(Walks.Accepts(constraint, start + "Just text, with {\"a\": [1]} and <b>tags</b>."));
        string begun = format is HarmonyToolFormat
            ? "<|channel|>commentary to=functions."
            : "<think>Which?</think>Well: " + format.Markers[0];
        Assert.True(Walks.AcceptsPrefix(constraint, begun));
        Assert.False(Walks.Accepts(constraint, begun));
        Assert.False(Walks.AcceptsPrefix(constraint, begun + "%"));
    }

    [Fact]
    public void Without_tools_and_format_there_is_nothing_to_constrain() =>
        Assert.Null(new AnswerGrammar(SomeTools.Formats["hermes"], TestVocabulary.Small.Tokenizer, true, false).Make([], false, true, null));

    [Fact]
    public void A_format_holds_after_thoughts_and_beside_tools()
    {
        Expression answer = new RuleCall(Grammar.Regex("[0-9]+").Root);
        GrammarConstraint after = Walks.Small(new Grammar(new AnswerGrammar(SomeTools.Formats["hermes"], TestVocabulary.Small.Tokenizer, true, true).Make([], false, true, answer)!));
        Assert.True(Walks.Accepts(after, "Let me <think>.</think>\n\n42"));
        Assert.False(Walks.Accepts(after, "42"));
        GrammarConstraint beside = Walks.Small(new Grammar(new AnswerGrammar(SomeTools.Formats["hermes"], TestVocabulary.Small.Tokenizer, true, false).Make(SomeTools.All, false, true, answer)!));
        Assert.True(Walks.Accepts(beside, "42"));
        Assert.True(Walks.Accepts(beside, "<think>x</think>42"));
        Assert.True(Walks.Accepts(beside, "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Rome\"}}\n</tool_call>"));
        Assert.False(Walks.AcceptsPrefix(beside, "So"));
    }

    [Fact]
    public void Only_named_tools_are_called_and_loose_schemas_fall_back_to_objects()
    {
        ToolDefinition loose = new("loose", null, JsonDocument.Parse("""{"type":"object","properties":{"a":{"not":{}}}}""").RootElement.Clone());
        GrammarConstraint constraint = Walks.Small(new Grammar(new AnswerGrammar(SomeTools.Formats["hermes"], TestVocabulary.Small.Tokenizer, false, false).Make([loose], true, false, null)!));
        Assert.True(Walks.Accepts(constraint, "<tool_call>{\"name\": \"loose\", \"arguments\": {\"b\": 1}}</tool_call>"));
        Assert.False(Walks.AcceptsPrefix(constraint, "<tool_call>{\"name\": \"add"));
        GrammarException error = Assert.Throws<GrammarException>(() => new AnswerGrammar(SomeTools.Formats["hermes"], TestVocabulary.Small.Tokenizer, false, false).Make([loose with { IsStrict = true }], true, false, null));
        Assert.Contains("loose", error.Message);
        Assert.Contains("not", error.Message);
    }

    private static GrammarConstraint Constraint(ToolFormat format, bool mustCall, bool startsInReasoning) =>
        Walks.Small(new Grammar(new AnswerGrammar(format, TestVocabulary.Small.Tokenizer, true, startsInReasoning).Make(SomeTools.All, mustCall, true, null)!));

    private static void CheckCalls(Answers answer, string text)
    {
        Assert.True(answer.Calls.Length > 0, text);
        Assert.True(answer.Content.Length == 0, text);
        foreach (ToolDefinition tool in SomeTools.All)
        {
            foreach (string call in answer.Calls.Split(';').Where(call => call.StartsWith(tool.Name + "{") && JsonTexts.IsJson(call[tool.Name.Length..])))
            {
                JsonElement arguments = JsonDocument.Parse(call[tool.Name.Length..]).RootElement;
                Assert.True(new SchemaValidator(tool.Parameters!.Value).IsValid(arguments), text);
            }
        }
    }
}
