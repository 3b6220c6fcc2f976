using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AutoGlm.Cpu.Kernels;

/// <summary>Floats to signed bytes of -127 to 127, one scale per group of 32 columns.</summary>
internal static unsafe class ActivationQuantizer
{
    /// <summary>Quantises some rows and columns; the first column is a multiple of 32, and the last one's end too.</summary>
    public static void Run<T>(in Activations x, in Area area) where T : unmanaged, ILanes<T>
    {
        for (int row = area.Row; row < area.RowEnd; row++)
        {
            float* values = x.Values + row * x.Stride;
            for (int group = area.Column / Activations.GroupLength; group < area.ColumnEnd / Activations.GroupLength; group++)
            {
                Group<T>(values + Activations.GroupLength * group, x, row, group);
            }
        }
    }

    /// <summary>Quantises the 32 values of one group of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Group<T>(float* values, in Activations x, int row, int group) where T : unmanaged, ILanes<T>
    {
        long at = (long)group * x.Rows + row;
        sbyte* bytes = x.Bytes + Activations.ByteStride * at;
        short* words = x.Words + Activations.GroupLength * at;
        float* scales = x.Scales + 4 * at;
        T largest = T.Splat(0f);
        for (int i = 0; i < 32; i += T.Count) largest = T.Max(largest, T.And(T.Load(values + i), T.Splat(int.MaxValue)));
        float scale = T.Maximum(largest) / 127, inverse = scale > 0 ? 1 / scale : 0;
        if (!float.IsFinite(inverse)) scale = inverse = 0;
        for (int i = 0; i < 32; i += T.Count)
        {
            T.StoreSByte(T.ToInt32(T.Multiply(T.Load(values + i), T.Splat(inverse))), bytes + i);
        }

        Vector256<short> v = Vector256.Load((short*)bytes);
        Vector256<short> even = Vector256.ShiftRightArithmetic(Vector256.ShiftLeft(v, 8), 8);
        Vector256<short> odd = Vector256.ShiftRightArithmetic(v, 8);
        even.Store(words);
        odd.Store(words + 16);
        Vector256<short> pairs = even + odd;
        int low = Vector128.Sum(pairs.GetLower()), high = Vector128.Sum(pairs.GetUpper());
        *(int*)(bytes + 32) = -128 * (low + high);
        scales[0] = scale;
        scales[1] = scale * (low + high);
        scales[2] = scale * low;
        scales[3] = scale * high;
    }
}
