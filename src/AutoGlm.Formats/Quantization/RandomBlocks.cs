using System.Runtime.InteropServices;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Formats.Quantization;

/// <summary>
/// Makes blocks of any format whose values look like a weight matrix's: mean zero, one standard deviation, all finite.
/// The codes are random bits; the scales, which differ from block to block, are chosen so that the decoded values have
/// the wanted spread. For tests of kernels and for models that only have to run.
/// </summary>
public sealed class RandomBlocks
{
    private const int Choices = 16, ProbeBlocks = 1024;
    private readonly BlockFormat _format;
    private readonly float _deviation;

    // The scale bytes (halves, or one-byte floats) to choose among, in the order of the format's offsets.
    private readonly ushort[][] _halves = [];
    private readonly byte[] _codes = [];
    private readonly uint[] _plain = [];

    /// <param name="format">What to make.</param>
    /// <param name="deviation">Standard deviation of the values; formats with coarse scales come near it.</param>
    public RandomBlocks(BlockFormat format, float deviation = 0.02f)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(deviation);
        _format = format;
        _deviation = deviation;
        if (format.BlockLength == 1) _plain = ChoosePlain();
        else if (format.HalfOffsets.Length > 0) _halves = ChooseHalves();
        else _codes = ChooseCodes();
    }

    public BlockFormat Format => _format;

    /// <summary>Fills whole blocks; the same seed gives the same bytes.</summary>
    /// <exception cref="ArgumentException">Not a whole number of blocks.</exception>
    public void Fill(Span<byte> blocks, ulong seed)
    {
        if (blocks.Length % _format.BlockBytes != 0)
        {
            throw new ArgumentException($"{blocks.Length} bytes are no whole number of {_format.Name} blocks");
        }

        var random = new Xoshiro256(seed);
        if (_format.BlockLength == 1)
        {
            FillPlain(blocks, ref random);
            return;
        }

        random.Fill(blocks);
        for (int at = 0; at < blocks.Length; at += _format.BlockBytes) SetScales(blocks.Slice(at, _format.BlockBytes));
    }

    /// <summary>Scales of the choices range over 0.5 to 1.5 and have a mean square of one.</summary>
    private static float Factor(int choice) => (0.5f + (choice + 0.5f) / Choices) / 1.0408f;

    /// <summary>Replaces the random bits where scales are; these bits make the choice.</summary>
    private void SetScales(Span<byte> block)
    {
        ReadOnlySpan<byte> offsets = _format.HalfOffsets;
        if (offsets.Length > 0)
        {
            byte bits = block[offsets[0]];
            ushort[] halves = _halves[bits % Choices];
            // Codes of formats without a minimum are lopsided (-8 to 7): a random sign makes the mean zero.
            int sign = offsets.Length == 1 ? (bits & 0x80) << 8 : 0;
            for (int i = 0; i < offsets.Length; i++) MemoryMarshal.Write(block[offsets[i]..], (ushort)(halves[i] ^ sign));
        }

        foreach (byte offset in _format.ByteScaleOffsets) block[offset] = _codes[block[offset] % Choices];
    }

    /// <summary>Bell-shaped values: sums of four random bytes (Irwin-Hall), looked up as they are stored.</summary>
    private void FillPlain(Span<byte> values, ref Xoshiro256 random)
    {
        ulong bits = 0;
        for (int i = 0, at = 0; at < values.Length; i++, at += _format.BlockBytes)
        {
            bits = i % 2 == 0 ? random.Next() : bits >> 32;
            // The bytes' sum, by adding pairs in 16-bit lanes.
            uint pairs = ((uint)bits & 0x00FF_00FF) + ((uint)bits >> 8 & 0x00FF_00FF);
            uint stored = _plain[(pairs & 0xFFFF) + (pairs >> 16)];
            if (_format.BlockBytes == 4) MemoryMarshal.Write(values[at..], stored);
            else MemoryMarshal.Write(values[at..], (ushort)stored);
        }
    }

    /// <summary>How the type stores the value that each sum of four bytes stands for.</summary>
    private uint[] ChoosePlain()
    {
        const float sumMean = 510, sumDeviation = 147.8f;
        return [.. Enumerable.Range(0, 4 * 255 + 1).Select(sum => Store((sum - sumMean) / sumDeviation * _deviation))];

        uint Store(float value) => _format.Type switch
        {
            TensorType.F16 => BitConverter.HalfToUInt16Bits((Half)value),
            TensorType.BF16 => BitConverter.SingleToUInt32Bits(value) >> 16,
            _ => BitConverter.SingleToUInt32Bits(value),
        };
    }

    /// <summary>Scales, each with its minimum if there is one, that give random codes a mean of zero and the deviation.</summary>
    private ushort[][] ChooseHalves()
    {
        // Decoding is linear in scale and minimum: the minimum is what cancels the scale's mean.
        bool hasMinimum = _format.HalfOffsets.Length == 2;
        float ratio = hasMinimum ? -Probe([(Half)1, (Half)0]).Mean / Probe([(Half)0, (Half)1]).Mean : 0;
        float scale = _deviation / Probe(hasMinimum ? [(Half)1, (Half)ratio] : [(Half)1]).Deviation;
        return [.. Enumerable.Range(0, Choices).Select(Choose)];

        ushort[] Choose(int choice)
        {
            ushort half = BitConverter.HalfToUInt16Bits((Half)(scale * Factor(choice)));
            // From the scale as it was rounded, since of small numbers a half keeps few digits.
            return hasMinimum ? [half, BitConverter.HalfToUInt16Bits((Half)((float)BitConverter.UInt16BitsToHalf(half) * ratio))] : [half];
        }
    }

    /// <summary>For each choice, the one-byte scale whose values come nearest to the deviation.</summary>
    private byte[] ChooseCodes()
    {
        // Up to half the codes: beyond are huge exponents of E8M0, and signs that unsigned E4M3 does not have.
        var codes = Enumerable.Range(1, 126).Select(code => (Code: (byte)code, Probe([], (byte)code).Deviation)).ToArray();
        return [.. Enumerable.Range(0, Choices).Select(Nearest)];

        byte Nearest(int choice) => codes.MinBy(item => Math.Abs(item.Deviation - _deviation * Factor(choice))).Code;
    }

    /// <summary>Statistics of random codes under given scales.</summary>
    private (float Mean, float Deviation) Probe(ReadOnlySpan<Half> halves, byte code = 0)
    {
        byte[] blocks = new byte[ProbeBlocks * _format.BlockBytes];
        new Xoshiro256(1).Fill(blocks);
        for (int at = 0; at < blocks.Length; at += _format.BlockBytes)
        {
            for (int i = 0; i < halves.Length; i++) MemoryMarshal.Write(blocks.AsSpan(at + _format.HalfOffsets[i]), halves[i]);
            foreach (byte offset in _format.ByteScaleOffsets) blocks[at + offset] = code;
        }

        float[] values = new float[ProbeBlocks * _format.BlockLength];
        _format.Decode(blocks, values);
        double sum = 0, squares = 0;
        foreach (float value in values)
        {
            sum += value;
            squares += (double)value * value;
        }

        double mean = sum / values.Length;
        return ((float)mean, (float)Math.Sqrt(squares / values.Length - mean * mean));
    }
}
