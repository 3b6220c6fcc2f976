using AutoGlm.Formats.Chat;

namespace AutoGlm.Formats.Tests.Chat;

/// <summary>Errors name the template, the line and the construct.</summary>
public class ErrorTests
{
    [Theory]
    [InlineData("a\nb\n{{ 1 | xyz }}", ChatTemplateErrorKind.Unsupported, "m.jinja: line 3: filter 'xyz' is not supported")]
    [InlineData("{{ 1 is xyz }}", ChatTemplateErrorKind.Unsupported, "m.jinja: line 1: test 'xyz' is not supported")]
    [InlineData("\n{% include 'x' %}", ChatTemplateErrorKind.Unsupported, "m.jinja: line 2: tag 'include' is not supported")]
    [InlineData("{{ messages.x.y }}", ChatTemplateErrorKind.Undefined, "m.jinja: line 1: 'list object' has no attribute 'x'")]
    [InlineData("{{\n\nnothing.y }}", ChatTemplateErrorKind.Undefined, "m.jinja: line 3: 'nothing' is undefined")]
    [InlineData("{{ 'a' + 1 }}", ChatTemplateErrorKind.Value, "m.jinja: line 1: can only concatenate str (not \"int\") to str")]
    [InlineData("{{ messages.append(1) }}", ChatTemplateErrorKind.Security, "m.jinja: line 1: access to attribute 'append' of 'list' object is unsafe")]
    [InlineData("{{ ''.__class__.x }}", ChatTemplateErrorKind.Security, "m.jinja: line 1: access to attribute '__class__' of 'str' object is unsafe")]
    [InlineData("x\n{% if 1 %}\ny", ChatTemplateErrorKind.Syntax, "m.jinja: line 2: the block 'if' has no 'endif'")]
    [InlineData("x\n{{ 'abc }}", ChatTemplateErrorKind.Syntax, "m.jinja: line 2: a string without its closing '")]
    [InlineData("{# x", ChatTemplateErrorKind.Syntax, "m.jinja: line 1: a comment {# … without its #}")]
    [InlineData("{{ raise_exception('Only user!') }}", ChatTemplateErrorKind.Raised, "Only user!")]
    public void Names_line_and_construct(string source, ChatTemplateErrorKind kind, string message)
    {
        var error = Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(source, "m.jinja").Render([new ChatTurn("user", "hi")]));
        Assert.Equal((kind, message), (error.Kind, error.Message));
    }

    [Fact]
    public void An_error_inside_a_macro_names_the_line_inside_it()
    {
        var template = ChatTemplate.Parse("{% macro m(x) %}\n{{ x.y.z }}\n{% endmacro %}\n\n{{ m({}) }}", "m");
        Assert.Equal(2, Assert.Throws<ChatTemplateException>(() => template.Render([new ChatTurn("user", "hi")])).Line);
    }

    [Fact]
    public void Renders_turns_dictionaries_and_plain_values()
    {
        var template = ChatTemplate.Parse(
            "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m['content'] }}{% endfor %}{% if add_generation_prompt %}>{% endif %}{{ n + f }}{{ tools }}",
            "turns");
        var variables = new Dictionary<string, object?> { ["bos_token"] = "<s>", ["n"] = 2, ["f"] = 0.5f, ["tools"] = new[] { 1L, 2L } };
        Assert.Equal("<s>[user]hi[assistant]yo>2.5[1, 2]", template.Render([new("user", "hi"), new("assistant", "yo")], true, variables));
        Assert.Equal("<s>2.5[1, 2]", template.Render([], false, variables));
    }

    [Fact]
    public void Refuses_input_that_templates_have_no_type_for()
    {
        var input = new Dictionary<string, object?> { ["x"] = new Version(1, 0) };
        var error = Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse("{{ x }}", "t").Render(input));
        Assert.Contains("Version", error.Reason, StringComparison.Ordinal);
    }
}
