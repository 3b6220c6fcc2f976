using AutoGlm.Cpu.Loading;
using AutoGlm.Cpu.Tests.Kernels;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cpu.Tests.Loading;

/// <summary>Files of packed weights outlive the program that wrote them: what they hold may change only with its version.</summary>
public sealed unsafe class LayoutVersionTests
{
    private static readonly Dictionary<TensorType, string> Panels = new()
    {
    };

    public static TheoryData<TensorType> Types => [.. PackedFormat.Types];

    [Theory]
    [MemberData(nameof(Types))]
    public void Panels_are_those_of_the_version(TensorType type)
    {
        Assert.Equal(1, PackedFormat.LayoutVersion);
        using PackedMatrix matrix = PackedMatrix.Pack(new RandomWeights(type, new Random(17), 40, 512));
        string sum = Checksum.Of(new ReadOnlySpan<byte>(matrix.PanelAt(0, 0), (int)matrix.Bytes)).ToString("x32");
        Assert.True(
            Panels.GetValueOrDefault(type) == sum,
            $"{type} packs into other bytes ({sum}): raise {nameof(PackedFormat)}.{nameof(PackedFormat.LayoutVersion)}, and write the new sums here.");
    }
}
