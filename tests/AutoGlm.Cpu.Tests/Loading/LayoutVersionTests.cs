using AutoGlm.Cpu.Loading;
using AutoGlm.Cpu.Tests.Kernels;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cpu.Tests.Loading;

/// <summary>Files of packed weights outlive the program that wrote them: what they hold may change only with its version.</summary>
public sealed unsafe class LayoutVersionTests
{
    private static readonly Dictionary<TensorType, string> Panels = new()
    {
        [TensorType.F32] = "806ebe744ab28e2f4c66a687d51e402e",
        [TensorType.F16] = "63f547af540ad2b776cc1e8144575009",
        [TensorType.BF16] = "07bca0df8256580135682fdce5f76b7d",
        [TensorType.Q4_0] = "e4e351267f9ffed3cf1b6206dfe66767",
        [TensorType.Q4_1] = "e4ddc2b0d2a0e884c7143c464af6bb22",
        [TensorType.Q5_0] = "ae8206c5314307f7c4aaaf0e9d0d9bd5",
        [TensorType.Q5_1] = "68df7db5914f783b940d38a07fb50f29",
        [TensorType.Q8_0] = "b700bec06add59df7f957da39ba3688c",
        [TensorType.Q2_K] = "46310d0acb39366aa1165a80e3cbeef5",
        [TensorType.Q3_K] = "80dc2b1770bbcf4081f5581a519a8216",
        [TensorType.Q4_K] = "11634f0c5456a09c550ecad8b8b414ad",
        [TensorType.Q5_K] = "b2f4ed1a533d007949a58c97658a6117",
        [TensorType.Q6_K] = "fc1e744bd443a9f11ac2d72d6ac65ace",
        [TensorType.IQ4_NL] = "e4e351267f9ffed3cf1b6206dfe66767",
        [TensorType.IQ4_XS] = "9f397dd9047ebeb6db4d4082899c8df1",
        [TensorType.MXFP4] = "04888482de2bb33b4017f2586c86a150",
    };

    public static TheoryData<TensorType> Types => [.. PackedFormat.Types];

    [Theory]
    [MemberData(nameof(Types))]
    public void Panels_are_those_of_the_version(TensorType type)
    {
        Assert.Equal(1, PackedFormat.LayoutVersion);
        using PackedMatrix matrix = PackedMatrix.Pack(new RandomWeights(type, new Random(17), 40, 512));
        string sum = Checksum.Of(new ReadOnlySpan<byte>(matrix.PanelAt(0, 0), (int)matrix.Bytes)).ToString();
        Assert.True(
            Panels.GetValueOrDefault(type) == sum,
            $"{type} packs into other bytes ({sum}): raise {nameof(PackedFormat)}.{nameof(PackedFormat.LayoutVersion)}, and write the new sums here.");
    }
}
