using AutoGlm.Cuda.Bindings;
using AutoGlm.Cuda.Linear;

namespace AutoGlm.Cuda.Tests.Linear;

/// <summary>cuBLASLt, where it is found, multiplies as the definition does.</summary>
public class DenseProductTests
{
    [Theory]
    [InlineData(33, 64, 128, true)]
    [InlineData(128, 256, 96, false)]
    public void Products_are_those_of_the_definition(int rows, int outputs, int inputs, bool bfloat16)
    {
        using Card card = new();
        Assert.SkipUnless(DenseProduct.IsAvailable, "needs cuBLASLt");
        Random random = new(rows);
        float[] x = Numbers.Random(random, rows * inputs, 1), weights = Numbers.Random(random, outputs * inputs, 1);
        nint y = card.Poisoned((long)rows * outputs * sizeof(ushort));
        using DenseProduct product = new(card.Device, rows, outputs, inputs, bfloat16);

        product.Multiply(card.Stream, card.Upload(Narrow(x, bfloat16)), card.Upload(Narrow(weights, bfloat16)), y);

        float[] actual = Widen(card.Download<ushort>(y, rows * outputs), bfloat16);
        float[] expected = new float[rows * outputs], a = Widen(Narrow(x, bfloat16), bfloat16), b = Widen(Narrow(weights, bfloat16), bfloat16);
        for (int row = 0; row < rows; row++)
        {
            for (int output = 0; output < outputs; output++)
                for (int i = 0; i < inputs; i++) expected[row * outputs + output] += a[row * inputs + i] * b[output * inputs + i];
        }

        Assert.InRange(Errors.Relative(actual, expected), 0, bfloat16 ? 5e-3 : 1e-3);
    }

    [Fact]
    public void Without_the_library_the_error_says_where_it_was_looked_for()
    {
        Assert.SkipWhen(DenseProduct.IsAvailable, "there is cuBLASLt");

        NotSupportedException error = Assert.Throws<NotSupportedException>(CublasLt.Require);

        Assert.Contains("libcublasLt", error.Message);
    }

    private static ushort[] Narrow(float[] values, bool bfloat16) =>
        [.. values.Select(value => bfloat16 ? (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16) : BitConverter.HalfToUInt16Bits((Half)value))];

    private static float[] Widen(ushort[] values, bool bfloat16) =>
        [.. values.Select(value => bfloat16 ? BitConverter.UInt32BitsToSingle((uint)value << 16) : (float)BitConverter.UInt16BitsToHalf(value))];
}
