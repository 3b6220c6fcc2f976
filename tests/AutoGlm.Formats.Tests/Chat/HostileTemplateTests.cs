using System.Diagnostics;
using System.Text.Json.Nodes;
using AutoGlm.Formats.Chat;
using CsCheck;

namespace AutoGlm.Formats.Tests.Chat;

/// <summary>A template can neither hang, nor overflow the stack, nor fill memory.</summary>
public class HostileTemplateTests
{
    /// <summary>Seconds would do; without limits it would be hours.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    private static readonly JsonObject s_input = JsonNode.Parse(
        """{"messages": [{"role": "user", "content": "hé😀"}, {"role": "assistant", "content": null}], "n": 3, "d": {"a": [1, 2.5]}}""")!.AsObject();

    public static TheoryData<string> Bombs => new()
    {
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
        "{% set n = namespace(s='aaaaaaaa') %}{% for i in range(99) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
        "{% set n = namespace(s=[1]) %}{% for i in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}",
        "{% set n = namespace(s=[1]) %}{% for i in range(99999) %}{% set n.s = [n.s] %}{% endfor %}{{ n.s }}",
        "{% set n = namespace(s=[1]) %}{% for i in range(99) %}{% set n.s = [n.s, n.s] %}{% endfor %}{{ n.s }}",
        "{% set n = namespace(s=[1], t=[1]) %}{% for i in range(99) %}{% set n.s = [n.s, n.s] %}{% set n.t = [n.t, n.t] %}{% endfor %}{{ n.s == n.t }}",
        "{% set n = namespace(s=(1,)) %}{% for i in range(99) %}{% set n.s = (n.s, n.s) %}{% endfor %}{{ {n.s: 1} }}",
        "{% set n = namespace(s={}) %}{% for i in range(60) %}{% set n.s = {'a': n.s, 'b': n.s} %}{% endfor %}{{ n.s | tojson }}",
        "{% set s = 'a' * 9999999 %}{{ [s, s, s, s, s, s, s, s] | tojson }}",
        "{{ 'a' * 99999999999999999999 }}",
        "{{ [1] * 2147483647 }}",
        "{{ 'ab'.ljust(2147483647) }}",
        "{{ '%999999999d' % 1 }}{{ '{:>999999999}'.format(1) }}{{ 'a'.zfill(999999999) }}",
        "{{ 'a' | indent(999999999) }}{{ 'a' | center(999999999) }}",
        "{{ range(10 ** 30) }}",
        "{{ 9 ** (9 ** (9 ** 9)) }}",
        "{{ 2 ** 99999999 }}",
        "{% set n = namespace(x=3) %}{% for i in range(99999) %}{% set n.x = n.x * n.x %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{% call m() %}{% endcall %}{{ caller() }}{% endmacro %}{% call m() %}{% endcall %}",
        "{% macro m(x) %}{{ m(x ~ x) }}{{ m(x) }}{% endmacro %}{{ m('ab') }}",
        "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% set s = 'ab' * 99999 %}{% for i in range(99999) %}{% set t = s.replace('a', 'bb').upper().split('b') %}{% endfor %}",
        "{% set n = namespace(x=[1]) %}{% for i in range(9999) %}{% set n.x = n.x | map('string') %}{% endfor %}{% for i in range(99999) %}{{ range(99999) | sort | length }}{% endfor %}",
        "{{ [1, 2] | batch(2147483647, 'x') | list }}",
        "{{ [1, 2] | slice(2147483647) | list }}",
        "{{ {'a': 1} | tojson(indent=999999999) | length }}{{ 1 / 0 }}",
        "{{ " + new string('(', 100_000),
        "{{ " + new string('(', 5_000) + "1" + new string(')', 5_000) + " }}",
        "{{ " + new string('[', 5_000) + new string(']', 5_000) + " }}",
        "{{ " + string.Concat(Enumerable.Repeat("not ", 50_000)) + "1 }}",
        "{{ " + new string('-', 50_000) + "1 }}",
        "{{ nothing" + string.Concat(Enumerable.Repeat(".a", 100_000)) + " }}",
        "{{ 1" + string.Concat(Enumerable.Repeat("|string", 100_000)) + " }}",
        "{{ 1" + string.Concat(Enumerable.Repeat("+1", 200_000)) + " }}",
        "{{ 1" + string.Concat(Enumerable.Repeat(" if 1 else 1", 50_000)) + " }}",
        string.Concat(Enumerable.Repeat("{% if 1 %}", 20_000)),
        string.Concat(Enumerable.Repeat("{% for a in [1] %}", 20_000)),
        "{% if 0 %}" + string.Concat(Enumerable.Repeat("{% elif 0 %}", 50_000)),
        new string('x', ChatTemplate.MaxSourceLength + 1),
    };

    [Theory]
    [MemberData(nameof(Bombs))]
    public void Ends_soon_with_a_clear_error(string source)
    {
        var watch = Stopwatch.StartNew();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(source, "bomb").Render(s_input));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 8L << 30, "allocated over 8 GiB in all");
        Assert.True(watch.Elapsed < s_patience, $"took {watch.Elapsed}");
    }

    [Fact]
    public void Deep_nesting_is_an_error_on_a_small_stack_too()
    {
        string[] sources =
        [
            "{{ " + new string('(', 190) + "1" + new string(')', 190) + " }}",
            "{{ 1" + string.Concat(Enumerable.Repeat("+1", 100_000)) + " }}",
            "{% macro m(n) %}{% if n > 0 %}{% for i in [1] %}{% if 1 %}{{ m(n - 1) }}{% endif %}{% endfor %}{% endif %}{% endmacro %}{{ m(190) }}",
        ];
        var thread = new Thread(() => Array.ForEach(sources, RenderOrFail), 256 << 10);
        thread.Start();
        Assert.True(thread.Join(s_patience));
    }

    [Fact]
    public void Ordinary_work_stays_far_from_the_limits()
    {
        var template = ChatTemplate.Parse("{% for m in messages %}{{ '<|' + m.role + '|>\n' + m.content | trim + '\n' }}{% endfor %}", "chat");
        ChatTurn[] turns = [.. Enumerable.Range(0, 2_000).Select(i => new ChatTurn("user", new string('x', 2_000)))];
        Assert.Equal(2_000 * 2_010, template.Render(turns, limits: ChatTemplateLimits.Default with { MaxSteps = 4_000_000 }).Length);
    }

    [Fact]
    public void Output_is_bounded()
    {
        var template = ChatTemplate.Parse("{% for i in range(100) %}0123456789{% endfor %}", "t");
        Assert.Equal(1_000, template.Render([], limits: new ChatTemplateLimits { MaxTextLength = 1_000 }).Length);
        var error = Assert.Throws<ChatTemplateException>(() => template.Render([], limits: new ChatTemplateLimits { MaxTextLength = 999 }));
        Assert.Equal(ChatTemplateErrorKind.Limit, error.Kind);
    }

    [Fact]
    public void Broken_templates_give_template_errors_only()
    {
        string[] seeds = [.. FixtureSources()];
        string[] pieces =
        [
            "{{", "}}", "{%", "%}", "{#", "#}", "-", "+", "(", ")", "[", "]", "{", "}", "|", ".", ",", ":", "'", "\"", "\\", "~", "**", "//", "%", "=", "==",
            " if ", " else ", " for ", " in ", " is ", " not ", " and ", "none", "1", "-1", "99999999999", "1e999", "loop", "messages", "\n", "{% endfor %}", "{% raw %}",
            "|tojson", "|map(", "|join", "|sort", ".split(", ".format(", "[::", "*", "\ud83d", "\0", "é",
        ];
        var limits = new ChatTemplateLimits { MaxSteps = 100_000, MaxTextLength = 100_000 };
        Gen<(string, int, int, string)> mutation = Gen.Select(OneOf(seeds), Gen.Int[0, 400], Gen.Int[0, 6], OneOf(pieces));
        Gen.Select(mutation, Gen.Int[0, 400], OneOf(pieces)).Sample(
            (first, second, piece) =>
            {
                (string seed, int at, int removed, string inserted) = first;
                string once = Splice(seed, at, removed, inserted);
                RenderOrFail(Splice(once, second, 0, piece), limits);
                return true;
            },
            iter: 20_000);
    }

    private static Gen<string> OneOf(string[] texts) => Gen.Int[0, texts.Length - 1].Select(index => texts[index]);

    private static string Splice(string text, int at, int removed, string inserted)
    {
        at %= text.Length + 1;
        return text.Remove(at, Math.Min(removed, text.Length - at)).Insert(at, inserted);
    }

    private static void RenderOrFail(string source) => RenderOrFail(source, ChatTemplateLimits.Default);

    private static void RenderOrFail(string source, ChatTemplateLimits limits)
    {
        try
        {
            ChatTemplate.Parse(source, "fuzz").Render(s_input, limits);
        }
        catch (ChatTemplateException error)
        {
            Assert.NotEmpty(error.Message + error.Kind);
        }
    }

    private static IEnumerable<string> FixtureSources()
    {
        string path = TestData.InRepository("tests", "AutoGlm.Formats.Tests", "Chat", "language.json");
        return JsonNode.Parse(File.ReadAllText(path))!["cases"]!.AsArray().Select(single => (string)single!["source"]!);
    }
}
