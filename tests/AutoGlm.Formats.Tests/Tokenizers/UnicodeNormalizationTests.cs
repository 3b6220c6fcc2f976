using System.Text;
using AutoGlm.Formats.Tokenizers;
using CsCheck;

namespace AutoGlm.Formats.Tests.Tokenizers;

public class UnicodeNormalizationTests
{
    [Theory]
    [InlineData(NormalizationForm.FormC, "e\u0301", "é")]
    [InlineData(NormalizationForm.FormD, "ệ", "e\u0323\u0302")]
    [InlineData(NormalizationForm.FormC, "q\u0307\u0323", "q\u0323\u0307")]
    [InlineData(NormalizationForm.FormC, "D\u0307\u0323", "\u1E0C\u0307")]
    [InlineData(NormalizationForm.FormC, "\u1100\u1161\u11A8", "각")]
    [InlineData(NormalizationForm.FormD, "각", "\u1100\u1161\u11A8")]
    [InlineData(NormalizationForm.FormC, "\u2126\u212B", "ΩÅ")]
    [InlineData(NormalizationForm.FormC, "\u0958", "\u0915\u093C")]
    [InlineData(NormalizationForm.FormC, "a\u0315\u0300\u05AE", "\u00E0\u05AE\u0315")]
    [InlineData(NormalizationForm.FormKC, "ﬁ①Ａ½", "fi1A1⁄2")]
    [InlineData(NormalizationForm.FormKD, "ﷺ", "صلى الله عليه وسلم")]
    [InlineData(NormalizationForm.FormC, "\U0001D15E", "\U0001D157\U0001D165")]
    [InlineData(NormalizationForm.FormC, "plain", "plain")]
    public void Gives_the_standards_examples(NormalizationForm form, string text, string expected) =>
        Assert.Equal(expected, UnicodeNormalization.Normalize(text, form));

    [Fact]
    public void Forms_agree_with_each_other()
    {
        Gen<int> points = Gen.OneOf(
            Gen.Int[0x20, 0x17F], Gen.Int[0x300, 0x36F], Gen.Int[0x900, 0xDFF], Gen.Int[0x1100, 0x11FF], Gen.Int[0xAC00, 0xD7A3],
            Gen.Int[0x1E00, 0x1FFF], Gen.Int[0x1D100, 0x1D200]);
        points.Array[0, 20].Sample(array =>
        {
            string text = string.Concat(array.Select(char.ConvertFromUtf32));
            string c = UnicodeNormalization.Normalize(text, NormalizationForm.FormC);
            string d = UnicodeNormalization.Normalize(text, NormalizationForm.FormD);
            Assert.Equal(c, UnicodeNormalization.Normalize(d, NormalizationForm.FormC));
            Assert.Equal(d, UnicodeNormalization.Normalize(c, NormalizationForm.FormD));
            Assert.Equal(c, UnicodeNormalization.Normalize(c, NormalizationForm.FormC));
            string kd = UnicodeNormalization.Normalize(text, NormalizationForm.FormKD);
            Assert.Equal(kd, UnicodeNormalization.Normalize(c, NormalizationForm.FormKD));
            Assert.Equal(UnicodeNormalization.Normalize(kd, NormalizationForm.FormC), UnicodeNormalization.Normalize(text, NormalizationForm.FormKC));
        }, iter: 1000);
    }
}
