using System.Text.Json.Nodes;
using AutoGlm.Formats.Chat;

namespace AutoGlm.Formats.Tests.Chat;

/// <summary>The template language against Jinja2's own answers, which the fixture beside this file holds.</summary>
public class LanguageTests
{
    [Fact]
    public void Every_small_template_renders_as_Jinja2_does()
    {
        string path = TestData.InRepository("tests", "AutoGlm.Formats.Tests", "Chat", "language.json");
        JsonNode fixture = JsonNode.Parse(File.ReadAllText(path))!;
        JsonObject input = fixture["input"]!.AsObject();
        JsonArray cases = fixture["cases"]!.AsArray();
        Assert.True(cases.Count > 800);
        Assert.Multiple([.. cases.Select(single => (Action)(() => Check(single!.AsObject(), input)))]);
    }

    private static void Check(JsonObject single, JsonObject input)
    {
        string source = (string)single["source"]!;
        string Render() => ChatTemplate.Parse(source, "case", new FixedClock(2026, 7, 26, 15, 4, 5)).Render(input);
        if (single["expected"] is { } expected)
        {
            string text = Render();
            Assert.True((string?)expected == text, $"{source}\nexpected: {expected}\nactual:   {text}");
            return;
        }

        var error = Assert.Throws<ChatTemplateException>(() => Render());
        if (single["raises"] is { } message) Assert.Equal((ChatTemplateErrorKind.Raised, (string?)message), (error.Kind, error.Message));
        else Assert.NotEqual(ChatTemplateErrorKind.Raised, error.Kind);
    }
}
