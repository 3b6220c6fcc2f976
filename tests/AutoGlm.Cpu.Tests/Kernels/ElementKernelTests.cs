namespace AutoGlm.Cpu.Tests.Kernels;

public sealed unsafe class ElementKernelTests
{
    private delegate void Unary(KernelSet set, Rows x, Rows y, in Area area);

    private delegate void Binary(KernelSet set, Rows a, Rows b, Rows y, in Area area);

    [Theory]
    [MemberData(nameof(KernelData.Isas), MemberType = typeof(KernelData))]
    public void Unary_kernels_equal_their_formulas(string isa)
    {
        CheckUnary(isa, (set, x, y, in area) => set.Copy(x, y, area), x => x);
        CheckUnary(isa, (set, x, y, in area) => set.Scale(x, 0.37f, y, area), x => x * 0.37f);
        CheckUnary(isa, (set, x, y, in area) => set.Silu(x, y, area), x => x / (1 + Math.Exp(-x)));
        CheckUnary(isa, (set, x, y, in area) => set.Sigmoid(x, y, area), x => 1 / (1 + Math.Exp(-x)));
        CheckUnary(isa, (set, x, y, in area) => set.Tanh(x, y, area), Math.Tanh);
        CheckUnary(isa, (set, x, y, in area) => set.Relu(x, y, area), x => Math.Max(x, 0));
        CheckUnary(isa, (set, x, y, in area) => set.GeluTanh(x, y, area), GeluTanh);
        CheckUnary(isa, (set, x, y, in area) => set.GeluErf(x, y, area), GeluErf);
        CheckUnary(isa, (set, x, y, in area) => set.SoftCap(x, 3.5f, y, area), x => 3.5 * Math.Tanh(x / 3.5));
    }

    [Theory]
    [MemberData(nameof(KernelData.Isas), MemberType = typeof(KernelData))]
    public void Binary_kernels_equal_their_formulas(string isa)
    {
        CheckBinary(isa, (set, a, b, y, in area) => set.Add(a, b, y, area), (a, b) => a + b);
        CheckBinary(isa, (set, a, b, y, in area) => set.Multiply(a, b, y, area), (a, b) => a * b);
        CheckBinary(isa, (set, a, b, y, in area) => set.AddScaled(a, b, -1.25f, y, area), (a, b) => a - 1.25 * b);
        CheckBinary(isa, (set, a, b, y, in area) => set.SwiGlu(a, b, y, area), (a, b) => a / (1 + Math.Exp(-a)) * b);
        CheckBinary(isa, (set, a, b, y, in area) => set.GeGluTanh(a, b, y, area), (a, b) => GeluTanh(a) * b);
        CheckBinary(isa, (set, a, b, y, in area) => set.GeGluErf(a, b, y, area), (a, b) => GeluErf(a) * b);
        CheckBinary(isa, (set, a, b, y, in area) => set.ClampedSwiGlu(a, b, 1.702f, 2, y, area), (a, b) =>
        {
            double gate = Math.Min(a, 2), up = Math.Clamp(b, -2, 2);
            return (up + 1) * gate / (1 + Math.Exp(-1.702 * gate));
        });
    }

    [Theory]
    [MemberData(nameof(KernelData.Isas), MemberType = typeof(KernelData))]
    public void Exponential_is_within_two_ulp(string isa)
    {
        // softmax of (0, x) gives e^x / (1 + e^x); the power itself shows in the sigmoid's denominator, so test the lanes.
        double worst = KernelIsas.Parse(isa) switch
        {
            KernelIsa.Avx512 or KernelIsa.Avx512Vnni => WorstExp<Lanes512>(),
            KernelIsa.Avx2 or KernelIsa.AvxVnni => WorstExp<Lanes256>(),
            KernelIsa.Vector128 => WorstExp<Lanes128>(),
            _ => WorstExp<LanesScalar>(),
        };
        Assert.InRange(worst, 0, 2);
    }

    private static double WorstExp<T>() where T : unmanaged, ILanes<T>
    {
        double worst = 0;
        float[] result = new float[T.Count];
        for (float x = -87; x < 88; x += 0.00137f)
        {
            fixed (float* to = result) T.Store(LaneMath.Exp(T.Splat(x)), to);
            double exact = Math.Exp(x);
            worst = Math.Max(worst, Math.Abs(result[^1] - exact) / (MathF.BitIncrement((float)exact) - (float)exact));
        }

        foreach ((float x, float expected) in new[] { (float.NegativeInfinity, 0f), (-1000f, 0f), (0f, 1f) })
        {
            fixed (float* to = result) T.Store(LaneMath.Exp(T.Splat(x)), to);
            Assert.Equal(expected, result[0]);
        }

        return worst;
    }

    [Theory]
    [MemberData(nameof(KernelData.Isas), MemberType = typeof(KernelData))]
    public void Half_precision_rounds_as_the_runtime_does(string isa)
    {
        switch (KernelIsas.Parse(isa))
        {
            case KernelIsa.Avx512 or KernelIsa.Avx512Vnni: CheckHalf<Lanes512>(); break;
            case KernelIsa.Avx2 or KernelIsa.AvxVnni: CheckHalf<Lanes256>(); break;
            case KernelIsa.Vector128: CheckHalf<Lanes128>(); break;
            default: CheckHalf<LanesScalar>(); break;
        }
    }

    private static void CheckHalf<T>() where T : unmanaged, ILanes<T>
    {
        Half[] halves = new Half[T.Count];
        float[] singles = new float[T.Count];
        fixed (Half* half = halves)
        fixed (float* single = singles)
        {
            for (int bits = 0; bits < 0x10000; bits++)
            {
                Half expected = BitConverter.UInt16BitsToHalf((ushort)bits);
                if (!Half.IsFinite(expected)) continue;
                Array.Fill(halves, expected);
                T.Store(LaneMath.LoadHalf<T>(half), single);
                Assert.Equal(BitConverter.SingleToUInt32Bits((float)expected), BitConverter.SingleToUInt32Bits(singles[^1]));
            }

            Random random = new(1);
            for (int i = 0; i < 100_000; i++)
            {
                float value = (random.NextSingle() - 0.5f) * MathF.Pow(2, random.Next(-30, 17));
                T.Store(T.Splat(value), single);
                LaneMath.StoreHalf(T.Load(single), half);
                Half expected = Math.Abs(value) > 65504 ? (value > 0 ? Half.MaxValue : Half.MinValue) : (Half)value;
                if (Half.IsInfinity(expected)) expected = value > 0 ? Half.MaxValue : Half.MinValue;
                Assert.Equal(expected, halves[0]);
            }
        }
    }

    private static double GeluTanh(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));

    private static double GeluErf(double x) => 0.5 * x * (1 + Erf(x / Math.Sqrt(2)));

    /// <summary>By its Maclaurin series, which converges everywhere.</summary>
    private static double Erf(double x)
    {
        if (Math.Abs(x) > 5) return Math.Sign(x);
        double term = x, sum = x;
        for (int n = 1; n < 200; n++)
        {
            term *= -x * x / n;
            sum += term / (2 * n + 1);
        }

        return sum * 2 / Math.Sqrt(Math.PI);
    }

    private static void CheckUnary(string isa, Unary kernel, Func<double, double> formula) =>
        CheckBinary(isa, (set, a, _, y, in area) => kernel(set, a, y, area), (a, _) => formula(a));

    private static void CheckBinary(string isa, Binary kernel, Func<double, double, double> formula)
    {
        Random random = new(11);
        foreach ((int rows, int columns, int threads) in new[] { (1, 1, 1), (1, 203, 3), (3, 65, 2), (7, 33, 4) })
        {
            int stride = columns + 2;
            using NativeFloats a = new(KernelData.Normal(random, rows * stride, 3)), b = new(KernelData.Normal(random, rows * stride, 3)), y = new(rows * stride);
            for (int thread = 0; thread < threads; thread++)
            {
                kernel(KernelData.Set(isa), a.Rows(stride), b.Rows(stride), y.Rows(stride), Area.Of(rows, columns, thread, threads));
            }

            for (int n = 0; n < rows; n++)
            {
                for (int i = 0; i < columns; i++)
                {
                    double expected = formula(a[n * stride + i], b[n * stride + i]);
                    Assert.Equal(expected, y[n * stride + i], 2e-6 * Math.Max(1, Math.Abs(expected)));
                }

                Assert.True(float.IsNaN(y[n * stride + columns]), "wrote past the row");
            }
        }
    }
}
