using System.Text.Json.Nodes;
using AutoGlm.Engine.Tools;
using AutoGlm.Formats.Chat;

namespace AutoGlm.Engine.Tests.Tools;

/// <summary>What published templates write of a call, parsers read back.</summary>
public class TemplateRoundTripTests
{
    [Theory]
    [InlineData("Qwen-Qwen2.5-7B-Instruct", "hermes")]
    [InlineData("Qwen-Qwen3-0.6B", "hermes")]
    [InlineData("NousResearch-Hermes-3-Llama-3.1-8B-tool_use", "hermes")]
    [InlineData("Qwen3.5-4B", "qwen-xml")]
    [InlineData("GLM-4.6", "glm")]
    [InlineData("GLM-4.7-Flash", "glm")]
    [InlineData("deepseek-ai-DeepSeek-V3.1", "deepseek")]
    [InlineData("meta-llama-Llama-3.1-8B-Instruct", "llama")]
    [InlineData("mistralai-Mistral-Nemo-Instruct-2407", "mistral")]
    [InlineData("openai-gpt-oss-120b", "harmony")]
    [InlineData("ibm-granite-granite-3.3-2B-Instruct", "granite")]
    [InlineData("google-gemma-2-2b-it", "generic")]
    [InlineData("microsoft-Phi-3.5-mini-instruct", "generic")]
    [InlineData("HuggingFaceTB-SmolLM3-3B", "generic")]
    public void Calls_come_back(string name, string family)
    {
        string source = File.ReadAllText(TestData.Shared("templates", name + ".jinja"));
        ToolFormat format = ToolFormats.Detect(source);
        Assert.Equal(family, format.Name);
        JsonArray user = [new JsonObject { ["role"] = "user", ["content"] = "How is the weather?" }];
        JsonObject call = JsonNode.Parse("""
            {"role":"assistant","content":"","tool_calls":[{"id":"abcdefghi","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"São Paulo, \\\"SP\\\"\",\"days\":3}"}}]}
            """)!.AsObject();
        JsonArray result = [user[0]!.DeepClone(), call, JsonNode.Parse("""{"role":"tool","tool_call_id":"abcdefghi","content":"Rain."}""")];
        string before = Render(source, name, format, user, true), after = Render(source, name, format, result, false);

        int start = after.IndexOf("How is the weather?", StringComparison.Ordinal);
        int marker = format is HarmonyToolFormat ? after.IndexOf("<|start|>assistant", start, StringComparison.Ordinal) + "<|start|>assistant".Length : after.IndexOf(CallStart(format), start, StringComparison.Ordinal);
        Assert.True(marker > 0, after);
        string rest = after[marker..];
        int end = rest.IndexOf("Rain.", StringComparison.Ordinal);
        string answer = rest[..rest[..end].LastIndexOf(CallEnd(format), StringComparison.Ordinal)] + CallEnd(format);
        Answers read = Answers.Read(() => Answers.Parser(format, startsInReasoning: false), [answer]);
        Assert.Equal("""get_weather{"city":"São Paulo, \"SP\"","days":3}""", read.Calls);
        Assert.Equal("", read.Content);
        Assert.Contains("get_weather", before);
    }

    private static string CallStart(ToolFormat format) => format.Beginnings.Concat(format.Markers).First();

    private static string CallEnd(ToolFormat format) => format.Name switch
    {
        "llama" => "}",
        "mistral" or "granite" => "}]",
        "deepseek" => "<｜tool▁calls▁end｜>",
        "harmony" => "<|call|>",
        _ => "</tool_call>",
    };

    private static string Render(string source, string name, ToolFormat format, JsonArray messages, bool prompt)
    {
        JsonArray tools = [.. SomeTools.All.Select(tool => tool.ToJson())];
        ChatTemplate template = ChatTemplate.Parse(source, name);
        JsonObject input = new()
        {
            ["messages"] = new ToolMessages(source, format, ToolMessages.TakesSystemRole(template)).Rewrite(messages, tools),
            ["tools"] = tools,
            ["add_generation_prompt"] = prompt,
            ["bos_token"] = "<s>",
            ["eos_token"] = "</s>",
        };
        return template.Render(input);
    }
}
