using System.Text.Json.Nodes;

namespace AutoGlm.Cli.Tests;

public class TemplateTests
{
    private const string Source = "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system, please') }}{% endif %}<{{ m.role }}>{{ m.content }}\n{% endfor %}";
    private const string Hi = """{"messages": [{"role": "user", "content": "Hi ü"}], "bos_token": "<s>"}""";
    private const string Raises = """{"messages": [{"role": "system", "content": "x"}], "bos_token": ""}""";

    [Fact]
    public async Task One_input_gives_the_text_and_nothing_else()
    {
        using TempFolder folder = new();
        string template = folder.Write("t.jinja", Source), input = folder.Write("in.json", Hi);

        CommandRun text = (await CommandRun.OfAsync("template", "--file", template, "--input", input)).Succeeded();
        CommandRun piped = (await CommandRun.WithInputAsync(Hi, "template", "--file", template, "--input", "-", "--json")).Succeeded();

        Assert.Equal("<s><user>Hi ü\n", text.Output);
        Assert.Equal("{\"text\":\"<s><user>Hi ü\\n\"}\n", piped.Output);
    }

    [Fact]
    public async Task A_file_of_cases_gives_a_line_of_json_each()
    {
        using TempFolder folder = new();
        string template = folder.Write("t.jinja", Source);
        string cases = folder.Write("cases.json", $$"""{"cases": [{"input": {{Hi}}, "expected": "x"}, {"input": {{Raises}}, "raises": "y"}, {"input": {{Hi}}}]}""");

        JsonNode[] lines = (await CommandRun.OfAsync("template", "--file", template, "--input", cases, "--json")).Succeeded().Json;
        CommandRun text = await CommandRun.OfAsync("template", "--file", template, "--input", cases);

        Assert.Equal(3, lines.Length);
        Assert.Equal("<s><user>Hi ü\n", (string)lines[0]["text"]!);
        Assert.Equal("no system, please", (string)lines[1]["error"]!);
        Assert.Null(lines[1]["text"]);
        Assert.Equal(1, text.ExitCode);
        Assert.Contains("error: no system, please", text.Error);
    }

    [Fact]
    public async Task A_failing_input_fails_the_command()
    {
        using TempFolder folder = new();
        string template = folder.Write("t.jinja", Source), input = folder.Write("in.json", Raises);

        (await CommandRun.OfAsync("template", "--file", template, "--input", input)).FailedWith(1, "no system, please");
        CommandRun json = await CommandRun.OfAsync("template", "--file", template, "--input", input, "--json");
        Assert.Equal(1, json.ExitCode);
        Assert.Equal("no system, please", (string)Assert.Single(json.Json)["error"]!);
    }

    [Fact]
    public async Task A_models_own_template_gets_its_own_tokens()
    {
        CommandRun run = (await CommandRun.WithInputAsync("""{"messages": [{"role": "user", "content": "Hi"}], "add_generation_prompt": true}""", "template", "--input", "-")).Succeeded();

        Assert.Equal("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", run.Output);
    }

    [Fact]
    public async Task Today_is_the_day_that_was_given()
    {
        using TempFolder folder = new();
        string template = folder.Write("t.jinja", "{{ strftime_now('%Y-%m-%d') }}");

        CommandRun run = (await CommandRun.WithInputAsync("{}", "template", "--file", template, "--input", "-", "--date", "2024-02-29")).Succeeded();

        Assert.Equal("2024-02-29", run.Output);
    }

    [Theory]
    [InlineData("[1]", "object")]
    [InlineData("{", "JSON")]
    [InlineData("{\"cases\": 3}", "cases")]
    [InlineData("{\"cases\": [{\"input\": 3}]}", "cases[0].input")]
    [InlineData("{\"messages\": 1, \"messages\": 2}", "JSON")]
    public async Task Unsound_input_is_refused(string input, string part)
    {
        using TempFolder folder = new();
        (await CommandRun.WithInputAsync(input, "template", "--file", folder.Write("t.jinja", "{{ x }}"), "--input", "-")).FailedWith(1, part);
    }

    [Fact]
    public async Task Unsound_templates_name_file_and_line()
    {
        using TempFolder folder = new();
        (await CommandRun.WithInputAsync("{}", "template", "--file", folder.Write("t.jinja", "fine\n{% frob %}"), "--input", "-")).FailedWith(1, "t.jinja", "line 2");
    }

    [Fact]
    public async Task Shared_templates_render_as_jinja2_does()
    {
        string folder = TestData.Shared("templates");
        foreach (string cases in Directory.GetFiles(folder, "*.json"))
        {
            CommandRun run = (await CommandRun.OfAsync("template", "--file", Path.ChangeExtension(cases, ".jinja"), "--input", cases, "--date", "2026-07-26", "--json")).Succeeded();
            JsonArray expected = JsonNode.Parse(File.ReadAllText(cases))!["cases"]!.AsArray();
            Assert.Equal(expected.Count, run.Json.Length);
            foreach ((JsonNode? wanted, JsonNode actual) in expected.Zip(run.Json))
            {
                if (wanted!["expected"] is { } text) Assert.Equal((string)text!, (string?)actual["text"]);
                else Assert.Contains((string)wanted["raises"]!, (string)actual["error"]!);
            }
        }
    }
}
