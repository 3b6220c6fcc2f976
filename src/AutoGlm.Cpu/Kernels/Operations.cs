using System.Runtime.CompilerServices;

namespace AutoGlm.Cpu.Kernels;

internal readonly struct AddOp : IBinary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T a, T b) where T : unmanaged, ILanes<T> => T.Add(a, b);
}

internal readonly struct MultiplyOp : IBinary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T a, T b) where T : unmanaged, ILanes<T> => T.Multiply(a, b);
}

/// <summary>a + scale b.</summary>
internal readonly struct AddScaledOp(float scale) : IBinary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T a, T b) where T : unmanaged, ILanes<T> => T.MultiplyAdd(b, T.Splat(scale), a);
}

internal readonly struct CopyOp : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILanes<T> => x;
}

internal readonly struct ScaleOp(float scale) : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILanes<T> => T.Multiply(x, T.Splat(scale));
}

internal readonly struct SigmoidOp : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILanes<T> => LaneMath.Sigmoid(x);
}

internal readonly struct TanhOp : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILanes<T> => LaneMath.Tanh(x);
}

internal readonly struct ReluOp : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILanes<T> => T.Max(x, T.Splat(0f));
}

/// <summary>x sigmoid(x).</summary>
internal readonly struct SiluOp : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILanes<T> => T.Multiply(x, LaneMath.Sigmoid(x));
}

/// <summary>GELU by its tanh approximation.</summary>
internal readonly struct GeluTanhOp : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILanes<T>
    {
        // 0.5 x (1 + tanh u) = x sigmoid(2 u)
        T cubic = T.MultiplyAdd(T.Multiply(x, x), T.Splat(0.044715f), T.Splat(1f));
        return T.Multiply(x, LaneMath.Sigmoid(T.Multiply(T.Multiply(x, cubic), T.Splat(1.5957691216f))));
    }
}

/// <summary>GELU by the error function.</summary>
internal readonly struct GeluErfOp : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILanes<T>
    {
        T half = T.Multiply(x, T.Splat(0.5f));
        return T.MultiplyAdd(half, LaneMath.Erf(T.Multiply(x, T.Splat(0.70710678f))), half);
    }
}

/// <summary>cap tanh(x / cap).</summary>
internal readonly struct SoftCapOp(float cap) : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T x) where T : unmanaged, ILanes<T> =>
        T.Multiply(T.Splat(cap), LaneMath.Tanh(T.Divide(x, T.Splat(cap))));
}

/// <summary>f(gate) up.</summary>
internal readonly struct GatedOp<TActivation>(TActivation activation) : IBinary where TActivation : struct, IUnary
{
    private readonly TActivation _activation = activation;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T a, T b) where T : unmanaged, ILanes<T> => T.Multiply(_activation.Apply(a), b);
}

/// <summary>gpt-oss: with gate at most limit and up within ±limit, gate sigmoid(alpha gate) (up + 1).</summary>
internal readonly struct ClampedSwiGluOp(float alpha, float limit) : IBinary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T a, T b) where T : unmanaged, ILanes<T>
    {
        T gate = T.Min(a, T.Splat(limit));
        T up = T.Max(T.Min(b, T.Splat(limit)), T.Splat(-limit));
        T glu = T.Multiply(gate, LaneMath.Sigmoid(T.Multiply(gate, T.Splat(alpha))));
        return T.MultiplyAdd(up, glu, glu);
    }
}
