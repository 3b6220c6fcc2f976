namespace AutoGlm.Cpu.Kernels;

/// <summary>
/// A register of 32-bit lanes, and every operation that a kernel is made of: kernels are written once over this and the
/// JIT specialises them per instruction set. A lane is a float, an int, two 16-bit or four 8-bit numbers, as the
/// operation says; nothing crosses lanes but the horizontal operations at the end.
/// </summary>
internal unsafe interface ILanes<T> where T : unmanaged, ILanes<T>
{
    static abstract bool IsSupported { get; }

    /// <summary>Lanes in the register: 1, 4, 8 or 16.</summary>
    static abstract int Count { get; }

    static abstract T Load(void* source);

    static abstract void Store(T value, void* destination);

    /// <summary>The same four bytes in each lane.</summary>
    static abstract T Broadcast(void* source);

    static abstract T Splat(int value);

    static abstract T Splat(float value);

    static abstract T And(T a, T b);

    static abstract T Or(T a, T b);

    static abstract T Xor(T a, T b);

    /// <summary>Where the mask's lane is all ones <paramref name="a"/>, where it is zero <paramref name="b"/>.</summary>
    static abstract T Select(T mask, T a, T b);

    static abstract T ShiftLeft16(T a, int count);

    static abstract T ShiftRight16(T a, int count);

    static abstract T ShiftRightSigned16(T a, int count);

    static abstract T ShiftLeft32(T a, int count);

    static abstract T ShiftRight32(T a, int count);

    static abstract T Add16(T a, T b);

    static abstract T Add32(T a, T b);

    static abstract T Subtract32(T a, T b);

    /// <summary>a0 b0 + a1 b1 of neighbouring unsigned bytes a and signed bytes b, to signed 16 bits with saturation.</summary>
    static abstract T MultiplyAdd8(T unsigned, T signed);

    /// <summary>a0 b0 + a1 b1 of neighbouring signed 16-bit numbers, to 32 bits.</summary>
    static abstract T MultiplyAdd16(T a, T b);

    /// <summary>True where <see cref="Dot"/> is one instruction, on machines that have it: the kernels' instruction set says so.</summary>
    static virtual bool HasDot => false;

    /// <summary>sum + a0 b0 + a1 b1 + a2 b2 + a3 b3 of four unsigned bytes a and signed bytes b, in 32 bits and exact.</summary>
    static virtual T Dot(T sum, T unsigned, T signed) => throw new NotSupportedException();

    /// <summary>Entries of a 16-byte table, by bytes that are 0 to 15.</summary>
    static abstract T Lookup(byte* table, T indices);

    static abstract T ToSingle(T integers);

    /// <summary>Nearest integer, ties to even.</summary>
    static abstract T ToInt32(T singles);

    static abstract T Add(T a, T b);

    static abstract T Subtract(T a, T b);

    static abstract T Multiply(T a, T b);

    static abstract T Divide(T a, T b);

    /// <summary>a b + c, fused where the machine can.</summary>
    static abstract T MultiplyAdd(T a, T b, T c);

    static abstract T Min(T a, T b);

    static abstract T Max(T a, T b);

    static abstract T Sqrt(T a);

    static abstract T Round(T a);

    /// <summary>A mask of where a &lt; b.</summary>
    static abstract T Less(T a, T b);

    /// <summary>All lanes, each half onto the other until one is left.</summary>
    static abstract float Sum(T a);

    static abstract float Maximum(T a);

    /// <summary>16-bit numbers, zero-extended, one per lane.</summary>
    static abstract T LoadUInt16(void* source);

    /// <summary>Signed bytes, one per lane.</summary>
    static abstract T LoadSByte(void* source);

    /// <summary>The low 16 bits of each lane.</summary>
    static abstract void StoreInt16(T value, void* destination);

    /// <summary>The low 8 bits of each lane.</summary>
    static abstract void StoreSByte(T value, void* destination);
}
