using System.Text;
using System.Text.Json;
using AutoGlm.Engine.Tools;

namespace AutoGlm.Engine.Tests.Tools;

/// <summary>Answers as parsers read them, put together again.</summary>
internal sealed record Answers(string Content, string Reasoning, string Calls)
{
    public static Answers Read(Func<AnswerParser> create, IEnumerable<string> pieces)
    {
        AnswerParser parser = create();
        StringBuilder content = new(), reasoning = new();
        List<(string Id, string Name, StringBuilder Arguments)> calls = [];
        void Take(IReadOnlyList<AnswerDelta> deltas)
        {
            foreach (AnswerDelta delta in deltas)
            {
                content.Append(delta.Content);
                reasoning.Append(delta.Reasoning);
                if (delta.ToolCall is not { } call) continue;
                if (call.Name is not null)
                {
                    Assert.Equal(calls.Count, call.Index);
                    Assert.False(string.IsNullOrEmpty(call.Id));
                    calls.Add((call.Id!, call.Name, new StringBuilder()));
                }

                Assert.Equal(calls.Count - 1, call.Index);
                calls[^1].Arguments.Append(call.Arguments);
            }
        }

        foreach (string piece in pieces) Take(parser.Append(piece));
        Take(parser.Flush());
        Assert.Equal(calls.Count > 0, parser.HasCalls);
        return new Answers(content.ToString(), reasoning.ToString(), string.Join(";", calls.Select(call => call.Name + Compact(call.Arguments.ToString()))));
    }

    public static string Compact(string json) => JsonSerializer.Serialize(JsonDocument.Parse(json).RootElement, JsonTexts.Options);

    public static AnswerParser Parser(ToolFormat format, bool hasReasoning = true, bool startsInReasoning = false, IReadOnlyList<ToolDefinition>? tools = null)
    {
        tools ??= SomeTools.All;
        IAnswerReader reader = format is HarmonyToolFormat ? new HarmonyReader(true) : new MarkedAnswerReader(format, tools, hasReasoning, startsInReasoning);
        return new AnswerParser(reader, format.NewId);
    }
}
