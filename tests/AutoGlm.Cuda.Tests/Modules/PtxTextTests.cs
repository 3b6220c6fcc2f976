using AutoGlm.Cuda.Modules;

namespace AutoGlm.Cuda.Tests.Modules;

public class PtxTextTests
{
    private const string Module = """
        .version 8.4
        .target sm_80
        .address_size 64
        .const .align 1 .b8 table[4] = {1, 2, 3, 4};
        .func (.param .b32 r) helper(
        	.param .b32 x
        )
        {
        	ret;
        }
        .visible .entry first(
        	.param .align 8 .b8 first_param_0[16]
        )
        .maxntid 256, 1, 1
        {
        	.reg .pred %p<2>;
        {
        	ret;
        }
        }
        .extern .shared .align 16 .b8 memory[];
        .visible .entry second()
        {
        	ret;
        }
        """;

    [Fact]
    public void A_kernel_comes_with_what_the_module_declares_and_without_other_kernels()
    {
        PtxText text = PtxText.Parse(Module);

        Assert.Equal(["first", "second"], text.Kernels);
        string first = text.Of("first");
        Assert.Contains("table[4]", first);
        Assert.Contains("helper", first);
        Assert.Contains(".extern .shared", first);
        Assert.Contains(".maxntid 256, 1, 1", first);
        Assert.DoesNotContain("second", first);
        Assert.DoesNotContain("first", text.Of("second"));
        Assert.Equal(first.Count(c => c == '{'), first.Count(c => c == '}'));
    }

    [Theory]
    [InlineData(".visible .entry cut()\n{\n")]
    [InlineData("}\n")]
    public void Unbalanced_text_is_refused(string text) => Assert.Throws<FormatException>(() => PtxText.Parse(text));
}
