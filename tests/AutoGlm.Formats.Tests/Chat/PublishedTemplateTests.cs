using System.Text.Json.Nodes;
using AutoGlm.Formats.Chat;

namespace AutoGlm.Formats.Tests.Chat;

/// <summary>Templates of published models, against the text that Jinja2 renders for the same input.</summary>
public class PublishedTemplateTests
{
    public static TheoryData<string> Names
    {
        get
        {
            var names = new TheoryData<string>();
            if (!TestData.HasShared("templates")) names.Add("(none)");
            else foreach (string file in Directory.GetFiles(TestData.Shared("templates"), "*.jinja")) names.Add(Path.GetFileNameWithoutExtension(file));
            return names;
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Renders_every_case_exactly(string name)
    {
        string folder = TestData.Shared("templates");
        var template = ChatTemplate.Parse(File.ReadAllText(Path.Combine(folder, name + ".jinja")), name, new FixedClock(2026, 7, 26));
        JsonArray cases = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, name + ".json")))!["cases"]!.AsArray();
        Assert.NotEmpty(cases);
        for (int i = 0; i < cases.Count; i++)
        {
            JsonObject input = cases[i]!["input"]!.AsObject();
            if (cases[i]!["raises"] is { } message)
            {
                var error = Assert.Throws<ChatTemplateException>(() => template.Render(input));
                Assert.Equal((ChatTemplateErrorKind.Raised, (string?)message), (error.Kind, error.Message));
            }
            else
            {
                Assert.Equal((string?)cases[i]!["expected"], template.Render(input));
            }
        }
    }
}
