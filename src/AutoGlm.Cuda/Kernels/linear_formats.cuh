// How packed weights lie in device memory, one text for all formats. A matrix is cut into tiles of 16 rows; a tile is a
// run of units along the columns, each of kUnit columns: planes of quants in the order in which the lanes of a warp hold
// the left operand of a 16 x 16 tensor-core step (lane 4g+t: rows g and g+8, columns 2t, 2t+1, 2t+8, 2t+9), then scales.
// A step is thus a few bit operations from registers loaded 16 bytes at a time, for mma.sync and for wgmma alike.
//
// Two ways to unpack. Step makes the weights themselves, as halves: for many rows of activations. Raw makes the quants as
// the tiny halves that their bits are (q 2^-24; lower rows of nibbles q 2^-20), which tensor cores multiply exactly; scales
// then apply to the sums of a group (Value, times the unit's Factor), and what a minimum or a zero point adds is one more
// product, of Minimum with the activations' means: for few rows, where unpacking is what costs.
#pragma once
#include "linear_base.cuh"

// Byte n of a word, less an offset.
INLINE float ByteToFloat(u32 word, int n, int less) { return __uint_as_float(Permute(word, 0x4B000000, 0x7440 + n)) - (8388608.f + less); }

// ---- scales: weight = scale quant (+ minimum) -------------------------------------------------------------------------

// One half for 32 columns; 128 columns to the unit: row g's four, then row g+8's.
struct ScaleHalf
{
    static const int Bytes = 128;
    static const bool HasMinimum = false;
    uint4 words;
    INLINE void Load(const u8* at, int lane) { words = *(const uint4*)(at + (lane >> 2) * 16); }
    INLINE void Get(int step, u32 (&scale)[2], u32 (&)[2]) const
    {
        u32 low = step < 4 ? words.x : words.y, high = step < 4 ? words.z : words.w;
        scale[0] = step & 2 ? HighTwice(low) : LowTwice(low);
        scale[1] = step & 2 ? HighTwice(high) : LowTwice(high);
    }
    static const int GroupSteps = 2;
    INLINE void Value(int group, float (&value)[2]) const
    {
        u32 low = group < 2 ? words.x : words.y, high = group < 2 ? words.z : words.w;
        value[0] = HalfToFloat((u16)(group & 1 ? low >> 16 : low));
        value[1] = HalfToFloat((u16)(group & 1 ? high >> 16 : high));
    }
    INLINE void Factor(float (&factor)[2]) const { factor[0] = factor[1] = 1; }
    // The zero point's share is the scale times the group's sum.
    INLINE void Minimum(const u8*, int lane, int zero, u32 (&a)[4], float (&factor)[2]) const
    {
        int t = lane & 3;
        a[0] = t == 0 ? words.x : t == 1 ? words.y : 0;
        a[1] = t == 0 ? words.z : t == 1 ? words.w : 0;
        a[2] = a[3] = 0;
        factor[0] = factor[1] = -32.f * zero;
    }
};

// Scale and minimum, a half each, for 32 columns; 128 columns to the unit.
struct ScaleMinimum
{
    static const int Bytes = 256;
    static const bool HasMinimum = true;
    uint4 low, high;
    INLINE void Load(const u8* at, int lane)
    {
        low = *(const uint4*)(at + (lane >> 2) * 16);
        high = *(const uint4*)(at + 128 + (lane >> 2) * 16);
    }
    INLINE void Get(int step, u32 (&scale)[2], u32 (&minimum)[2]) const
    {
        u32 a = step < 2 ? low.x : step < 4 ? low.y : step < 6 ? low.z : low.w;
        u32 b = step < 2 ? high.x : step < 4 ? high.y : step < 6 ? high.z : high.w;
        scale[0] = LowTwice(a); minimum[0] = HighTwice(a);
        scale[1] = LowTwice(b); minimum[1] = HighTwice(b);
    }
    static const int GroupSteps = 2;
    INLINE void Value(int group, float (&value)[2]) const
    {
        value[0] = HalfToFloat((u16)(group == 0 ? low.x : group == 1 ? low.y : group == 2 ? low.z : low.w));
        value[1] = HalfToFloat((u16)(group == 0 ? high.x : group == 1 ? high.y : group == 2 ? high.z : high.w));
    }
    INLINE void Factor(float (&factor)[2]) const { factor[0] = factor[1] = 1; }
    INLINE void Minimum(const u8*, int lane, int, u32 (&a)[4], float (&factor)[2]) const
    {
        int t = lane & 3;
        a[0] = t == 0 ? Permute(low.x, low.y, 0x7632) : t == 1 ? Permute(low.z, low.w, 0x7632) : 0;
        a[1] = t == 0 ? Permute(high.x, high.y, 0x7632) : t == 1 ? Permute(high.z, high.w, 0x7632) : 0;
        a[2] = a[3] = 0;
        factor[0] = factor[1] = 32;
    }
};

// 256 columns to the unit, in groups of 32: a byte of scale and one of minimum each, and the half factors of both.
struct ScaleGroups32
{
    static const int Bytes = 320;
    static const bool HasMinimum = true;
    uint4 low, high;
    uint2 factors;
    INLINE void Load(const u8* at, int lane)
    {
        int g = lane >> 2;
        low = *(const uint4*)(at + g * 16);
        high = *(const uint4*)(at + 128 + g * 16);
        factors = *(const uint2*)(at + 256 + g * 8);
    }
    INLINE void Get(int step, u32 (&scale)[2], u32 (&minimum)[2]) const
    {
        One(step < 4 ? low.x : step < 8 ? low.y : step < 12 ? low.z : low.w, step, factors.x, scale[0], minimum[0]);
        One(step < 4 ? high.x : step < 8 ? high.y : step < 12 ? high.z : high.w, step, factors.y, scale[1], minimum[1]);
    }
    static INLINE void One(u32 word, int step, u32 factor, u32& scale, u32& minimum)
    {
        u32 pair = Permute(word, 0x64646464, step & 2 ? 0x4342 : 0x4140);  // 1024 + scale, 1024 + minimum
        pair = HalfMul(HalfSub(pair, 0x64006400), factor);
        scale = LowTwice(pair);
        minimum = HighTwice(pair);
    }
    static const int GroupSteps = 2;
    INLINE void Value(int group, float (&value)[2]) const
    {
        value[0] = ByteToFloat(group < 2 ? low.x : group < 4 ? low.y : group < 6 ? low.z : low.w, (group & 1) * 2, 0);
        value[1] = ByteToFloat(group < 2 ? high.x : group < 4 ? high.y : group < 6 ? high.z : high.w, (group & 1) * 2, 0);
    }
    INLINE void Factor(float (&factor)[2]) const { factor[0] = HalfToFloat((u16)factors.x); factor[1] = HalfToFloat((u16)factors.y); }
    INLINE void Minimum(const u8* at, int lane, int, u32 (&a)[4], float (&factor)[2]) const
    {
        const u8* own = at + (lane >> 2) * 16 + (lane & 3) * 4;
        a[0] = HalfSub(Permute(*(const u32*)own, 0x64646464, 0x4341), 0x64006400);
        a[1] = HalfSub(Permute(*(const u32*)(own + 128), 0x64646464, 0x4341), 0x64006400);
        a[2] = a[3] = 0;
        factor[0] = 32 * HalfToFloat((u16)(factors.x >> 16));
        factor[1] = 32 * HalfToFloat((u16)(factors.y >> 16));
    }
};

// 256 columns to the unit, in groups of 16: a byte of scale each, biased by 128, and the half factor.
struct ScaleGroups16
{
    static const int Bytes = 288;
    static const bool HasMinimum = false;
    uint4 low, high;
    u32 factors;
    INLINE void Load(const u8* at, int lane)
    {
        int g = lane >> 2;
        low = *(const uint4*)(at + g * 16);
        high = *(const uint4*)(at + 128 + g * 16);
        factors = *(const u32*)(at + 256 + g * 4);
    }
    INLINE void Get(int step, u32 (&scale)[2], u32 (&)[2]) const
    {
        u32 a = step < 4 ? low.x : step < 8 ? low.y : step < 12 ? low.z : low.w;
        u32 b = step < 4 ? high.x : step < 8 ? high.y : step < 12 ? high.z : high.w;
        u32 selector = 0x4040 + 0x0101 * (step & 3);
        scale[0] = HalfMul(HalfSub(Permute(a, 0x64646464, selector), 0x64806480), LowTwice(factors));
        scale[1] = HalfMul(HalfSub(Permute(b, 0x64646464, selector), 0x64806480), HighTwice(factors));
    }
    static const int GroupSteps = 1;
    INLINE void Value(int group, float (&value)[2]) const
    {
        value[0] = ByteToFloat(group < 4 ? low.x : group < 8 ? low.y : group < 12 ? low.z : low.w, group & 3, 128);
        value[1] = ByteToFloat(group < 4 ? high.x : group < 8 ? high.y : group < 12 ? high.z : high.w, group & 3, 128);
    }
    INLINE void Factor(float (&factor)[2]) const { factor[0] = HalfToFloat((u16)factors); factor[1] = HalfToFloat((u16)(factors >> 16)); }
    INLINE void Minimum(const u8* at, int lane, int zero, u32 (&a)[4], float (&factor)[2]) const
    {
        const u8* own = at + (lane >> 2) * 16 + (lane & 3) * 2;
#pragma unroll
        for (int p = 0; p < 4; p++)
            a[p] = HalfSub(Permute(*(const u16*)(own + (p & 1) * 128 + (p >> 1) * 8), 0x64646464, 0x4140), 0x64806480);
        Factor(factor);
        factor[0] *= -16.f * zero;
        factor[1] *= -16.f * zero;
    }
};

// As ScaleGroups16 with scale and minimum in the nibbles of the byte, and factors of both.
struct ScaleNibbles16
{
    static const int Bytes = 320;
    static const bool HasMinimum = true;
    uint4 low, high;
    uint2 factors;
    INLINE void Load(const u8* at, int lane)
    {
        int g = lane >> 2;
        low = *(const uint4*)(at + g * 16);
        high = *(const uint4*)(at + 128 + g * 16);
        factors = *(const uint2*)(at + 256 + g * 8);
    }
    INLINE void Get(int step, u32 (&scale)[2], u32 (&minimum)[2]) const
    {
        One(step < 4 ? low.x : step < 8 ? low.y : step < 12 ? low.z : low.w, step, factors.x, scale[0], minimum[0]);
        One(step < 4 ? high.x : step < 8 ? high.y : step < 12 ? high.z : high.w, step, factors.y, scale[1], minimum[1]);
    }
    static INLINE void One(u32 word, int step, u32 factor, u32& scale, u32& minimum)
    {
        u32 both = Permute(word, 0, 0x4040 + 0x0101 * (step & 3));
        both = AndOr(both, 0x00F0000F, 0x64006400);                     // 1024 + scale, 1024 + 16 minimum
        both = HalfMul(HalfFma(both, 0x2C003C00, 0xD400E400), factor);  // factors 1 and 1/16, less 1024 and 64
        scale = LowTwice(both);
        minimum = HighTwice(both);
    }
    static const int GroupSteps = 1;
    INLINE void Value(int group, float (&value)[2]) const
    {
        value[0] = ByteToFloat((group < 4 ? low.x : group < 8 ? low.y : group < 12 ? low.z : low.w) & 0x0F0F0F0F, group & 3, 0);
        value[1] = ByteToFloat((group < 4 ? high.x : group < 8 ? high.y : group < 12 ? high.z : high.w) & 0x0F0F0F0F, group & 3, 0);
    }
    INLINE void Factor(float (&factor)[2]) const { factor[0] = HalfToFloat((u16)factors.x); factor[1] = HalfToFloat((u16)factors.y); }
    INLINE void Minimum(const u8* at, int lane, int, u32 (&a)[4], float (&factor)[2]) const
    {
        const u8* own = at + (lane >> 2) * 16 + (lane & 3) * 2;
#pragma unroll
        for (int p = 0; p < 4; p++)
        {
            u32 pair = Permute(*(const u16*)(own + (p & 1) * 128 + (p >> 1) * 8), 0, 0x4140);
            a[p] = HalfFma(AndOr(pair, 0x00F000F0, 0x64006400), 0x2C002C00, 0xD400D400);
        }
        factor[0] = 16 * HalfToFloat((u16)(factors.x >> 16));
        factor[1] = 16 * HalfToFloat((u16)(factors.y >> 16));
    }
};

// ---- quants ------------------------------------------------------------------------------------------------------------

// Integers of Low + High bits less Zero. Low bits: nibbles (four steps to 16 bytes), or bit pairs (eight steps). Above
// them maybe a plane of one or two more bits.
template <int Low, int High, int Zero, class TScales, int Unit>
struct Quantised
{
    static const bool Bf16 = false;
    static const int UnitK = Unit;
    static const int LowBytes = Unit * Low * 2, HighBytes = Unit * High * 2;
    static const int ScaleOffset = LowBytes + HighBytes;
    static const int UnitBytes = ScaleOffset + TScales::Bytes;

    TScales scales;

    INLINE void Open(const u8* unit, int lane) { scales.Load(unit + ScaleOffset, lane); }

    // What sums of Raw are multiplied by: rows g, rows g + 8.
    static const bool IsRaw = true;
    static const int Zeros = Zero;
    static INLINE float RawFactor(int upper) { return Low == 4 && upper ? 1048576.f : 16777216.f; }

    INLINE void Raw(const u8* unit, int lane, int step, u32 (&a)[4]) const
    {
        u32 low, high;
        Words(unit, lane, step, low, high);
#pragma unroll
        for (int p = 0; p < 4; p++)
        {
            if (Low == 4)
            {
                bool up = p & 1;
                a[p] = (p & 2 ? low >> 8 : low) & (up ? 0x00F000F0 : 0x000F000F);
                if (High == 1) a[p] = AndOr(Shift(high, (step & 3) * 4 + p - (up ? 8 : 4)), up ? 0x01000100 : 0x00100010, a[p]);
                if (High == 2) a[p] = AndOr(Shift(high, ((step & 1) * 4 + p) * 2 - (up ? 8 : 4)), up ? 0x03000300 : 0x00300030, a[p]);
            }
            else
            {
                a[p] = Shift(low, ((step & 1) * 4 + p) * 2) & 0x00030003;
                if (High == 1) a[p] = AndOr(Shift(high, (step & 3) * 4 + p - 2), 0x00040004, a[p]);
            }
        }
    }

    // The left operand of one step of 16 columns; the compiler knows step.
    INLINE void Step(const u8* unit, int lane, int step, u32 (&a)[4]) const
    {
        u32 scale[2], minimum[2];
        scales.Get(step, scale, minimum);
        u32 low, high;
        Words(unit, lane, step, low, high);
#pragma unroll
        for (int p = 0; p < 4; p++)
        {
            u32 q = Low == 4 ? Nibbles(low, high, step, p) : Twos(low, high, step, p);
            a[p] = TScales::HasMinimum ? HalfFma(q, scale[p & 1], minimum[p & 1]) : HalfMul(q, scale[p & 1]);
        }
    }

private:
    static INLINE void Words(const u8* unit, int lane, int step, u32& low, u32& high)
    {
        low = Word(unit, lane, Low == 4 ? step : step >> 1);
        high = 0;
        if (High == 1) high = Narrow(unit + LowBytes, lane, step >> 2);
        if (High == 2) high = Word(unit + LowBytes, lane, step >> 1);
    }

    // Word n of a plane that gives each lane 16 bytes after another.
    static INLINE u32 Word(const u8* plane, int lane, int n)
    {
        uint4 v = *(const uint4*)(plane + (n >> 2) * 512 + lane * 16);
        return (n & 3) == 0 ? v.x : (n & 3) == 1 ? v.y : (n & 3) == 2 ? v.z : v.w;
    }

    // Word n of a plane that gives each lane a word for 64 columns.
    static INLINE u32 Narrow(const u8* plane, int lane, int n)
    {
        if (Unit == 256) return Word(plane, lane, n);
        uint2 v = *(const uint2*)(plane + lane * 8);
        return n == 0 ? v.x : v.y;
    }

    static INLINE u32 Shift(u32 bits, int right) { return right >= 0 ? bits >> right : bits << -right; }

    // Every other pair is left four bits up, where the half's mantissa counts sixteens.
    static INLINE u32 Nibbles(u32 low, u32 high, int step, int p)
    {
        bool up = p & 1;
        u32 x = AndOr(p & 2 ? low >> 8 : low, up ? 0x00F000F0 : 0x000F000F, 0x64006400);
        if (High == 1) x = AndOr(Shift(high, (step & 3) * 4 + p - (up ? 8 : 4)), up ? 0x01000100 : 0x00100010, x);
        if (High == 2) x = AndOr(Shift(high, ((step & 1) * 4 + p) * 2 - (up ? 8 : 4)), up ? 0x03000300 : 0x00300030, x);
        const u32 zero = 0x6400 + Zero, zeroUp = 0xD400 + Zero * 16;  // 1024 + Zero; -(64 + Zero), steps of 1/16
        return up ? HalfFma(x, 0x2C002C00, zeroUp * 0x10001) : HalfSub(x, zero * 0x10001);
    }

    static INLINE u32 Twos(u32 low, u32 high, int step, int p)
    {
        u32 x = AndOr(Shift(low, ((step & 1) * 4 + p) * 2), 0x00030003, 0x64006400);
        if (High == 1) x = AndOr(Shift(high, (step & 3) * 4 + p - 2), 0x00040004, x);
        return HalfSub(x, (0x6400u + Zero) * 0x10001);
    }
};

// Signed bytes, biased by 128; two steps to 16 bytes of a lane.
template <class TScales>
struct Bytes8
{
    static const bool Bf16 = false;
    static const int UnitK = 128, ScaleOffset = 2048, UnitBytes = ScaleOffset + TScales::Bytes;
    static const bool IsRaw = true;
    static const int Zeros = 128;
    static INLINE float RawFactor(int) { return 16777216.f; }
    TScales scales;
    INLINE void Open(const u8* unit, int lane) { scales.Load(unit + ScaleOffset, lane); }
    INLINE void Raw(const u8* unit, int lane, int step, u32 (&a)[4]) const
    {
        uint4 v = *(const uint4*)(unit + (step >> 1) * 512 + lane * 16);
        u32 first = step & 1 ? v.z : v.x, second = step & 1 ? v.w : v.y;
#pragma unroll
        for (int p = 0; p < 4; p++) a[p] = Permute(p < 2 ? first : second, 0, p & 1 ? 0x4342 : 0x4140);
    }
    INLINE void Step(const u8* unit, int lane, int step, u32 (&a)[4]) const
    {
        u32 scale[2], minimum[2];
        scales.Get(step, scale, minimum);
        uint4 v = *(const uint4*)(unit + (step >> 1) * 512 + lane * 16);
        u32 first = step & 1 ? v.z : v.x, second = step & 1 ? v.w : v.y;
#pragma unroll
        for (int p = 0; p < 4; p++)
        {
            u32 x = Permute(p < 2 ? first : second, 0x64646464, p & 1 ? 0x4342 : 0x4140);
            a[p] = HalfMul(HalfSub(x, 0x64806480), scale[p & 1]);
        }
    }
};

// Nibbles that index a table of 16 bytes, biased by Zero; neighbouring nibbles are a pair.
template <class TTable>
struct Coded
{
    static const bool Bf16 = false;
    static const int UnitK = 128, ScaleOffset = 1024, UnitBytes = ScaleOffset + ScaleHalf::Bytes;
    static const bool IsRaw = true;
    static const int Zeros = TTable::Zero;
    static INLINE float RawFactor(int) { return 16777216.f; }
    ScaleHalf scales;
    INLINE void Open(const u8* unit, int lane) { scales.Load(unit + ScaleOffset, lane); }

    INLINE void Raw(const u8* unit, int lane, int step, u32 (&a)[4]) const
    {
        u32 bytes[2];
        Bytes(unit, lane, step, bytes);
#pragma unroll
        for (int p = 0; p < 4; p++) a[p] = Permute(bytes[p >> 1], 0, p & 1 ? 0x4342 : 0x4140);
    }

    INLINE void Step(const u8* unit, int lane, int step, u32 (&a)[4]) const
    {
        u32 scale[2], minimum[2], bytes[2];
        scales.Get(step, scale, minimum);
        Bytes(unit, lane, step, bytes);
#pragma unroll
        for (int p = 0; p < 4; p++)
            a[p] = HalfMul(HalfSub(Permute(bytes[p >> 1], 0x64646464, p & 1 ? 0x4342 : 0x4140), (0x6400 + Zeros) * 0x10001), scale[p & 1]);
    }

private:
    static INLINE void Bytes(const u8* unit, int lane, int step, u32 (&bytes)[2])
    {
        uint4 v = *(const uint4*)(unit + (step >> 2) * 512 + lane * 16);
        u32 word = (step & 3) == 0 ? v.x : (step & 3) == 1 ? v.y : (step & 3) == 2 ? v.z : v.w;
        u32 index = word & 0x77777777, half = AndOr(word >> 1, 0x44444444, 0x32103210);
        bytes[0] = Permute(Permute(TTable::W0, TTable::W1, index), Permute(TTable::W2, TTable::W3, index), half);
        bytes[1] = Permute(Permute(TTable::W0, TTable::W1, index >> 16), Permute(TTable::W2, TTable::W3, index >> 16), half >> 16);
    }
};

// ggml's non-linear 4-bit codes, and doubled E2M1.
struct TableNonLinear { static const int Zero = 128; static const u32 W0 = 0x3F2D1801, W1 = 0x766A5D4F, W2 = 0xA6998D81, W3 = 0xF1D9C5B5; };
struct TableE2M1 { static const int Zero = 16; static const u32 W0 = 0x13121110, W1 = 0x1C181614, W2 = 0x0D0E0F10, W3 = 0x04080A0C; };

// 16-bit floats as they are.
template <bool IsBf16>
struct Plain16
{
    static const bool Bf16 = IsBf16;
    static const bool IsRaw = false;
    static const int UnitK = 128, UnitBytes = 4096;
    INLINE void Open(const u8*, int) {}
    INLINE void Step(const u8* unit, int lane, int step, u32 (&a)[4]) const
    {
        uint4 v = *(const uint4*)(unit + step * 512 + lane * 16);
        a[0] = v.x; a[1] = v.y; a[2] = v.z; a[3] = v.w;
    }
};

typedef Plain16<false> FormatF16;
typedef Plain16<true> FormatBF16;
typedef Quantised<4, 0, 8, ScaleHalf, 128> FormatQ4_0;
typedef Quantised<4, 0, 0, ScaleMinimum, 128> FormatQ4_1;
typedef Quantised<4, 1, 16, ScaleHalf, 128> FormatQ5_0;
typedef Quantised<4, 1, 0, ScaleMinimum, 128> FormatQ5_1;
typedef Bytes8<ScaleHalf> FormatQ8_0;
typedef Coded<TableNonLinear> FormatIQ4_NL;
typedef Coded<TableE2M1> FormatMXFP4;
typedef Quantised<2, 0, 0, ScaleNibbles16, 256> FormatQ2_K;
typedef Quantised<2, 1, 4, ScaleGroups16, 256> FormatQ3_K;
typedef Quantised<4, 0, 0, ScaleGroups32, 256> FormatQ4_K;
typedef Quantised<4, 1, 0, ScaleGroups32, 256> FormatQ5_K;
typedef Quantised<4, 2, 32, ScaleGroups16, 256> FormatQ6_K;
