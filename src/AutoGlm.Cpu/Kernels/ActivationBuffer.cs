using System.Runtime.InteropServices;

namespace AutoGlm.Cpu.Kernels;

/// <summary>Native memory for the quantised form of one matmul input at a time; as large as the largest input of a plan.</summary>
internal sealed unsafe class ActivationBuffer : IDisposable
{
    private const int BytesPerGroup = 64 + Activations.ByteStride + 16;
    private readonly long _groups;
    private byte* _memory;

    /// <param name="values">The most values (rows times columns) that an input has.</param>
    public ActivationBuffer(long values)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(values);
        _groups = (values + Activations.GroupLength - 1) / Activations.GroupLength;
        _memory = (byte*)NativeMemory.AlignedAlloc(checked((nuint)(Math.Max(1, _groups) * BytesPerGroup)), 64);
    }

    ~ActivationBuffer() => Free();

    public long Bytes => _groups * BytesPerGroup;

    /// <summary>
    /// Describes an input; touches no memory. Columns that are no multiple of 32 suit float weights alone. Inputs that are
    /// there together begin at different <paramref name="offset"/>s, in groups of 32 values, each a multiple of 4.
    /// </summary>
    /// <exception cref="ArgumentException">The input is larger than the buffer.</exception>
    public Activations View(float* values, long stride, int rows, int columns, long offset = 0)
    {
        long groups = (long)rows * (columns / Activations.GroupLength);
        if (offset + groups > _groups) throw new ArgumentException($"{rows} x {columns} activations exceed the buffer's {_groups * Activations.GroupLength} values");
        byte* memory = _memory + offset * BytesPerGroup;
        return new Activations
        {
            Values = values,
            Stride = stride,
            Rows = rows,
            Columns = columns,
            Words = (short*)memory,
            Bytes = (sbyte*)(memory + groups * 64),
            Scales = (float*)(memory + groups * (64 + Activations.ByteStride)),
        };
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
