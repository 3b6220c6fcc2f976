using AutoGlm.Graph.Execution;

namespace AutoGlm.Cpu.Reference;

/// <summary>The definition of how a row of keys or values is stored: see <see cref="KvLayerLayout"/>.</summary>
internal static unsafe class ReferenceKv
{
    /// <param name="values">A whole row.</param>
    /// <param name="numbers">Where its numbers go.</param>
    /// <param name="scales">Where its scales go, in types that have such.</param>
    /// <param name="type">The type.</param>
    public static void Write(ReadOnlySpan<float> values, byte* numbers, Half* scales, KvType type)
    {
        for (int i = 0; i < values.Length; i++)
        {
            switch (type)
            {
                case KvType.F32: ((float*)numbers)[i] = values[i]; break;
                case KvType.F16: ((Half*)numbers)[i] = Narrow(values[i]); break;
                default:
                    int group = i / KvLayout.GroupLength;
                    if (i % KvLayout.GroupLength == 0) scales[group] = Narrow(Largest(values.Slice(i, KvLayout.GroupLength)) / 127);
                    float scaled = scales[group] == Half.Zero ? 0 : values[i] * (1 / (float)scales[group]);
                    ((sbyte*)numbers)[i] = (sbyte)Math.Clamp(MathF.Round(scaled, MidpointRounding.ToEven), -127, 127);
                    break;
            }
        }
    }

    /// <summary>The first columns of a row.</summary>
    public static float[] Read(byte* numbers, Half* scales, int count, KvType type)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = type switch
            {
                KvType.F32 => ((float*)numbers)[i],
                KvType.F16 => (float)((Half*)numbers)[i],
                _ => ((sbyte*)numbers)[i] * (float)scales[i / KvLayout.GroupLength],
            };
        }

        return values;
    }

    private static float Largest(ReadOnlySpan<float> values)
    {
        float largest = 0;
        foreach (float value in values) largest = MathF.Max(largest, MathF.Abs(value));
        return largest;
    }

    /// <summary>To the nearest half; beyond their range the largest finite one.</summary>
    private static Half Narrow(float value) => (Half)Math.Clamp(value, (float)Half.MinValue, (float)Half.MaxValue);
}
