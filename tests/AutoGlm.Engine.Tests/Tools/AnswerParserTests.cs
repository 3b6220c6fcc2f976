using AutoGlm.Engine.Tools;
using CsCheck;

namespace AutoGlm.Engine.Tests.Tools;

public class AnswerParserTests
{
    private const string Paris = """get_weather{"city":"Paris"}""";

    public static TheoryData<string, string, string, string, string> Samples => new()
    {
        { "hermes", "Let me see.\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}\n</tool_call>", "Let me see.", "", Paris },
        { "hermes", "<think>\nHm, <b>.\n</think>\n\nIt is 3 < 4 <tool", "It is 3 < 4 <tool", "Hm, <b>.", "" },
        { "hermes", "<tool_call>{\"arguments\": {\"city\": \"Paris\"}, \"name\": \"get_weather\"}</tool_call>\n<tool_call>\n{\"name\":\"add\",\"arguments\":{\"numbers\":[1,2],\"exact\":true}}</tool_call>", "", "", Paris + ";add{\"numbers\":[1,2],\"exact\":true}" },
        { "hermes", "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": \"{\\\"city\\\": \\\"Paris\\\"}\"}\n</tool_call>", "", "", Paris },
        { "hermes", "<tool_call>{\"name\": \"now\"}</tool_call> done", "done", "", "now{}" },
        { "hermes", "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": \"}\\\"{</tool_call>\", \"b\": [{}]}}</tool_call>", "", "", "f{\"a\":\"}\\\"{</tool_call>\",\"b\":[{}]}" },
        { "generic", "Plain text\nin lines.\n", "Plain text\nin lines.\n", "", "" },
        { "llama", "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Paris\"}}", "", "", Paris },
        { "llama", "<|python_tag|>{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Paris\"}}", "", "", Paris },
        { "llama", "{\"nam\": 1}", "{\"nam\": 1}", "", "" },
        { "mistral", "[TOOL_CALLS][{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}, \"id\": \"abcdefghi\"}, {\"name\": \"add\", \"arguments\": {}}]", "", "", Paris + ";add{}" },
        { "granite", "<|tool_call|>[{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}]", "", "", Paris },
        { "deepseek", "Sure.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{\"city\": \"Paris\"}<｜tool▁call▁end｜><｜tool▁call▁begin｜>add<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>", "Sure.", "", Paris + ";add{}" },
        { "glm", "<think>So.</think>\nYes\n<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>\n<arg_key>days</arg_key>\n<arg_value>3</arg_value>\n</tool_call>", "Yes", "So.", "get_weather{\"city\":\"Paris\",\"days\":3}" },
        { "glm-flat", "<tool_call>get_weather<arg_key>city</arg_key><arg_value>12</arg_value></tool_call><tool_call>now</tool_call>", "", "", "get_weather{\"city\":\"12\"};now{}" },
        { "qwen-xml", "<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\nTexas\n</parameter>\n<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>", "", "", "get_weather{\"city\":\"Paris\\nTexas\",\"days\":2}" },
        { "qwen-xml", "<tool_call>\n<function=add>\n<parameter=exact>\nTrue\n</parameter>\n</function>\n</tool_call>", "", "", "add{\"exact\":true}" },
        { "harmony", "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{\"city\": \"Paris\"}<|call|>", "", "Hm.", Paris },
        { "harmony", " to=functions.get_weather<|channel|>commentary json<|message|>{\"city\": \"Paris\"}", "", "", Paris },
        { "harmony", "<|channel|>final<|message|>Hello <world>", "Hello <world>", "", "" },
    };

    [Theory]
    [MemberData(nameof(Samples))]
    public void Whatever_the_pieces_the_answer_is_the_same(string family, string text, string content, string reasoning, string calls)
    {
        ToolFormat format = SomeTools.Formats[family];
        Answers expected = new(content, reasoning, calls);
        Assert.Equal(expected, Answers.Read(() => Answers.Parser(format), [text]));
        Assert.Equal(expected, Answers.Read(() => Answers.Parser(format), text.Select(c => c.ToString())));
        Gen.Int[1, 12].Array[text.Length].Sample(lengths => Assert.Equal(expected, Answers.Read(() => Answers.Parser(format), Cut(text, lengths))), iter: 50, threads: 1);
    }

    [Fact]
    public void Text_comes_as_soon_as_it_is_known_to_be_text()
    {
        AnswerParser parser = Answers.Parser(SomeTools.Formats["hermes"]);
        Assert.Equal("Hello", parser.Append("Hello <")[0].Content);
        Assert.Empty(parser.Append("tool"));
        Assert.Equal(" <tools", parser.Append("s")[0].Content);
        Assert.Empty(parser.Append(" <tool_call>{\"name\": \"get_"));
        Assert.Empty(parser.Append("weather\","));
        Assert.Equal(["get_weather", null], parser.Append(" \"arguments\": {\"city\"").Select(delta => delta.ToolCall!.Name));
        Assert.Equal(": \"Par", parser.Append(": \"Par")[0].ToolCall!.Arguments);
    }

    [Fact]
    public void Thoughts_that_the_prompt_opened_are_thoughts()
    {
        Answers answer = Answers.Read(() => Answers.Parser(SomeTools.Formats["hermes"], startsInReasoning: true), ["Well", ".\n</thi", "nk>\n\nYes."]);
        Assert.Equal(new Answers("Yes.", "Well.", ""), answer);
    }

    [Fact]
    public void Random_text_is_never_lost_nor_does_it_throw()
    {
        string[] parts = ["<tool_call>", "</tool_call>", "<think>", "</think>", "{", "}", "[", "]", "\"name\"", "\"arguments\"", ":", ",", "\"a\"", "x", "\n", "<|message|>", "<|channel|>", "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>", "<function=", ">", "<parameter=", "</parameter>", "[TOOL_CALLS]"];
        Gen.Select(Gen.Int[0, SomeTools.Formats.Count - 1], Gen.Int[0, parts.Length - 1].Array[0, 30]).Sample((format, indices) =>
        {
            AnswerParser parser = Answers.Parser(SomeTools.Formats.Values.ElementAt(format));
            foreach (int index in indices) parser.Append(parts[index]);
            parser.Flush();
        }, iter: 2000, threads: 1);
    }

    private static IEnumerable<string> Cut(string text, int[] lengths)
    {
        for (int i = 0, at = 0; at < text.Length; at += lengths[i++]) yield return text.Substring(at, Math.Min(lengths[i], text.Length - at));
    }
}
