// From the blocks of model files, as they lie there, to packed units (linear_formats.cuh). A warp makes a unit.
#pragma once
#include "linear_formats.cuh"

struct PackArgs
{
    const u8* low;      // file rows for the lower eight rows of each tile
    const u8* high;     // and for the upper eight: tile n's row g is low[n step + g], row 8 + g is high[n step + g]
    u8* packed;
    long long rowBytes;
    int lowRows, highRows;  // rows there are; rows and columns beyond are packed as zeros
    int columns;
    int step;           // 16; 8 where gate and up rows share a tile
    int tiles;
    int units;          // of a tile
};

// ---- what a file's block says ------------------------------------------------------------------------------------------

INLINE u32 Load16(const u8* at) { return at[0] | at[1] << 8; }

// Nibbles of 32 values: low ones first.
INLINE u32 NibbleOf(const u8* q, int i) { return i < 16 ? q[i] & 15 : q[i - 16] >> 4; }

struct Source32
{
    static const int BlockLength = 32;
};

struct SourceQ4_0 : Source32
{
    static const int BlockBytes = 18;
    static INLINE u32 Quant(const u8* b, int i) { return NibbleOf(b + 2, i); }
    static INLINE u32 Scale(const u8* b, int) { return Load16(b); }
};

struct SourceQ4_1 : Source32
{
    static const int BlockBytes = 20;
    static INLINE u32 Quant(const u8* b, int i) { return NibbleOf(b + 4, i); }
    static INLINE u32 Scale(const u8* b, int) { return Load16(b) | Load16(b + 2) << 16; }
};

struct SourceQ5_0 : Source32
{
    static const int BlockBytes = 22;
    static INLINE u32 Quant(const u8* b, int i) { return NibbleOf(b + 6, i) | (b[2 + i / 8] >> (i & 7) & 1) << 4; }
    static INLINE u32 Scale(const u8* b, int) { return Load16(b); }
};

struct SourceQ5_1 : Source32
{
    static const int BlockBytes = 24;
    static INLINE u32 Quant(const u8* b, int i) { return NibbleOf(b + 8, i) | (b[4 + i / 8] >> (i & 7) & 1) << 4; }
    static INLINE u32 Scale(const u8* b, int) { return Load16(b) | Load16(b + 2) << 16; }
};

struct SourceQ8_0 : Source32
{
    static const int BlockBytes = 34;
    static INLINE u32 Quant(const u8* b, int i) { return b[2 + i] ^ 0x80; }
    static INLINE u32 Scale(const u8* b, int) { return Load16(b); }
};

struct SourceIQ4_NL : Source32
{
    static const int BlockBytes = 18;
    static INLINE u32 Quant(const u8* b, int i) { return NibbleOf(b + 2, i); }
    static INLINE u32 Scale(const u8* b, int) { return Load16(b); }
};

struct SourceMXFP4 : Source32
{
    static const int BlockBytes = 17;
    static INLINE u32 Quant(const u8* b, int i) { return NibbleOf(b + 1, i); }
    // 2^(e - 128), as the table is doubled; a half holds 2^-24 to 2^15.
    static INLINE u32 Scale(const u8* b, int) { return FloatToHalf(fminf(__uint_as_float(b[0] < 2 ? 0 : (b[0] - 1u) << 23), 32768.f)); }
};

struct SourceIQ4_XS
{
    static const int BlockLength = 256, BlockBytes = 136;
    static INLINE u32 Quant(const u8* b, int i) { return NibbleOf(b + 8 + i / 32 * 16, i & 31); }
    static INLINE u32 Scale(const u8* b, int group)
    {
        int scale = (b[4 + group / 2] >> (4 * (group & 1)) & 15) | (Load16(b + 2) >> (2 * group) & 3) << 4;
        return FloatToHalf(HalfToFloat((u16)Load16(b)) * (scale - 32));
    }
};

// 6-bit scales and minima of the 4- and 5-bit K formats.
INLINE u32 ScaleMin(const u8* s, int group)
{
    u32 scale = group < 4 ? s[group] & 63 : (s[group + 4] & 15) | s[group - 4] >> 6 << 4;
    u32 minimum = group < 4 ? s[group + 4] & 63 : s[group + 4] >> 4 | s[group] >> 6 << 4;
    return scale | minimum << 8;
}

struct SourceQ4_K
{
    static const int BlockLength = 256, BlockBytes = 144;
    static INLINE u32 Quant(const u8* b, int i) { return b[16 + i / 64 * 32 + (i & 31)] >> (i & 32 ? 4 : 0) & 15; }
    static INLINE u32 GroupScale(const u8* b, int group) { return ScaleMin(b + 4, group); }
    static INLINE u32 Factor(const u8* b) { return Load16(b) | (Load16(b + 2) ^ 0x8000) << 16; }
};

struct SourceQ5_K
{
    static const int BlockLength = 256, BlockBytes = 176;
    static INLINE u32 Quant(const u8* b, int i)
    {
        return (b[48 + i / 64 * 32 + (i & 31)] >> (i & 32 ? 4 : 0) & 15) | (b[16 + (i & 31)] >> (i / 32) & 1) << 4;
    }
    static INLINE u32 GroupScale(const u8* b, int group) { return ScaleMin(b + 4, group); }
    static INLINE u32 Factor(const u8* b) { return Load16(b) | (Load16(b + 2) ^ 0x8000) << 16; }
};

struct SourceQ6_K
{
    static const int BlockLength = 256, BlockBytes = 210;
    static INLINE u32 Quant(const u8* b, int i)
    {
        int half = i / 128, part = i / 32 & 3, at = i & 31;
        return (b[64 * half + 32 * (part & 1) + at] >> (part & 2 ? 4 : 0) & 15) | (b[128 + 32 * half + at] >> (2 * part) & 3) << 4;
    }
    static INLINE u32 GroupScale(const u8* b, int group) { return b[192 + group] ^ 0x80; }
    static INLINE u32 Factor(const u8* b) { return Load16(b + 208); }
};

// Place of a value of the 2- and 3-bit K formats in 64 bytes of bit pairs.
INLINE u32 TwoOf(const u8* q, int i) { return q[i / 128 * 32 + (i & 31)] >> (2 * (i / 32 & 3)) & 3; }

struct SourceQ3_K
{
    static const int BlockLength = 256, BlockBytes = 110;
    static INLINE u32 Quant(const u8* b, int i) { return TwoOf(b + 32, i) | (b[i & 31] >> (i / 32) & 1) << 2; }
    static INLINE u32 GroupScale(const u8* b, int group)
    {
        const u8* s = b + 96;
        u32 low = group < 8 ? s[group] & 15 : s[group - 8] >> 4;
        return (low | (s[8 + (group & 3)] >> (2 * (group / 4)) & 3) << 4) + 128 - 32;
    }
    static INLINE u32 Factor(const u8* b) { return Load16(b + 108); }
};

struct SourceQ2_K
{
    static const int BlockLength = 256, BlockBytes = 84;
    static INLINE u32 Quant(const u8* b, int i) { return TwoOf(b + 16, i); }
    static INLINE u32 GroupScale(const u8* b, int group) { return b[group]; }
    static INLINE u32 Factor(const u8* b) { return Load16(b + 80) | (Load16(b + 82) ^ 0x8000) << 16; }
};

struct Source16
{
    static const int BlockLength = 1, BlockBytes = 2;
    static INLINE u32 Quant(const u8* b, int) { return *(const u16*)b; }
};

// ---- the rows of a tile ------------------------------------------------------------------------------------------------

template <class TSource>
struct TileRows
{
    const PackArgs& args;
    int tile;

    // A row of the tile in the file; null for one that is not there.
    INLINE const u8* Row(int row) const
    {
        int at = tile * args.step + (row & 7);
        bool upper = row & 8;
        if (at >= (upper ? args.highRows : args.lowRows)) return 0;
        return (upper ? args.high : args.low) + at * args.rowBytes;
    }

    INLINE const u8* Block(int row, int k) const
    {
        const u8* start = Row(row);
        return start && k < args.columns ? start + (long long)(k / TSource::BlockLength) * TSource::BlockBytes : 0;
    }

    INLINE u32 Quant(int row, int k) const
    {
        const u8* block = Block(row, k);
        return block ? TSource::Quant(block, k % TSource::BlockLength) : 0;
    }
};

// Value e of pair p of a step's left operand, as a lane holds it.
INLINE int PairRow(int lane, int p) { return (lane >> 2) + (p & 1) * 8; }
INLINE int PairColumn(int lane, int step, int p, int e) { return step * 16 + (lane & 3) * 2 + (p & 2) * 4 + e; }

INLINE void PutWord(u8* plane, int lane, int n, u32 word) { *(u32*)(plane + (n >> 2) * 512 + lane * 16 + (n & 3) * 4) = word; }

// ---- scales --------------------------------------------------------------------------------------------------------------

template <class TSource> INLINE void PackScales(const TileRows<TSource>& rows, int k0, u8* to, int lane, ScaleHalf*)
{
    for (int i = lane; i < 64; i += 32)
    {
        int row = i / 4, k = k0 + i % 4 * 32;
        const u8* block = rows.Block(row, k);
        ((u16*)to)[(row & 7) * 8 + (row >> 3) * 4 + i % 4] = block ? TSource::Scale(block, k % TSource::BlockLength / 32) : 0;
    }
}

template <class TSource> INLINE void PackScales(const TileRows<TSource>& rows, int k0, u8* to, int lane, ScaleMinimum*)
{
    for (int i = lane; i < 64; i += 32)
    {
        int row = i / 4, k = k0 + i % 4 * 32;
        const u8* block = rows.Block(row, k);
        ((u32*)to)[i] = block ? TSource::Scale(block, k % TSource::BlockLength / 32) : 0;
    }
}

template <class TSource> INLINE void PackFactors(const TileRows<TSource>& rows, int k0, u8* to, int row)
{
    const u8* block = rows.Block(row, k0);
    ((u32*)(to + 256))[(row & 7) * 2 + (row >> 3)] = block ? TSource::Factor(block) : 0;
}

template <class TSource> INLINE void PackScales(const TileRows<TSource>& rows, int k0, u8* to, int lane, ScaleGroups32*)
{
    for (int i = lane; i < 128; i += 32)
    {
        const u8* block = rows.Block(i / 8, k0);
        ((u16*)to)[i] = block ? TSource::GroupScale(block, i % 8) : 0;
    }
    if (lane < 16) PackFactors(rows, k0, to, lane);
}

template <class TSource> INLINE void PackScales(const TileRows<TSource>& rows, int k0, u8* to, int lane, ScaleGroups16*)
{
    for (int i = lane; i < 256; i += 32)
    {
        const u8* block = rows.Block(i / 16, k0);
        to[i] = block ? TSource::GroupScale(block, i % 16) : 128;
    }
    if (lane >= 16) return;
    const u8* block = rows.Block(lane, k0);
    ((u16*)(to + 256))[(lane & 7) * 2 + (lane >> 3)] = block ? TSource::Factor(block) : 0;
}

template <class TSource> INLINE void PackScales(const TileRows<TSource>& rows, int k0, u8* to, int lane, ScaleNibbles16*)
{
    for (int i = lane; i < 256; i += 32)
    {
        const u8* block = rows.Block(i / 16, k0);
        to[i] = block ? TSource::GroupScale(block, i % 16) : 0;
    }
    if (lane < 16) PackFactors(rows, k0, to, lane);
}

// ---- quants --------------------------------------------------------------------------------------------------------------

template <class TSource, int Low, int High, int Zero, class TScales, int Unit>
INLINE void PackUnit(const TileRows<TSource>& rows, int k0, u8* unit, int lane, Quantised<Low, High, Zero, TScales, Unit>*)
{
    const int lowSteps = Low == 4 ? 1 : 2, highSteps = High == 1 ? 4 : 2, lowBytes = Unit * Low * 2;
    u32 low = 0, high = 0;
    for (int step = 0; step < Unit / 16; step++)
    {
        for (int p = 0; p < 4; p++)
        {
            for (int e = 0; e < 2; e++)
            {
                u32 q = rows.Quant(PairRow(lane, p), k0 + PairColumn(lane, step, p, e));
                low |= Low == 4 ? (q & 15) << (4 * (p + 4 * e)) : (q & 3) << (2 * ((step & 1) * 4 + p) + 16 * e);
                if (High == 1) high |= (q >> Low & 1) << ((step & 3) * 4 + p + 16 * e);
                if (High == 2) high |= (q >> Low & 3) << (2 * ((step & 1) * 4 + p) + 16 * e);
            }
        }
        if (step % lowSteps == lowSteps - 1)
        {
            PutWord(unit, lane, step / lowSteps, low);
            low = 0;
        }
        if (High && step % highSteps == highSteps - 1)
        {
            if (High == 1 && Unit == 128) *(u32*)(unit + lowBytes + lane * 8 + step / 4 * 4) = high;
            else PutWord(unit + lowBytes, lane, step / highSteps, high);
            high = 0;
        }
    }
    PackScales(rows, k0, unit + Quantised<Low, High, Zero, TScales, Unit>::ScaleOffset, lane, (TScales*)0);
}

template <class TSource, class TScales>
INLINE void PackUnit(const TileRows<TSource>& rows, int k0, u8* unit, int lane, Bytes8<TScales>*)
{
    for (int step = 0; step < 8; step++)
    {
        u32 words[2] = {0, 0};
        for (int p = 0; p < 4; p++)
            for (int e = 0; e < 2; e++)
                words[p >> 1] |= rows.Quant(PairRow(lane, p), k0 + PairColumn(lane, step, p, e)) << (8 * ((p & 1) * 2 + e));
        PutWord(unit, lane, step * 2, words[0]);
        PutWord(unit, lane, step * 2 + 1, words[1]);
    }
    PackScales(rows, k0, unit + Bytes8<TScales>::ScaleOffset, lane, (TScales*)0);
}

template <class TSource, class TTable>
INLINE void PackUnit(const TileRows<TSource>& rows, int k0, u8* unit, int lane, Coded<TTable>*)
{
    for (int step = 0; step < 8; step++)
    {
        u32 word = 0;
        for (int p = 0; p < 4; p++)
            for (int e = 0; e < 2; e++)
                word |= rows.Quant(PairRow(lane, p), k0 + PairColumn(lane, step, p, e)) << (4 * (2 * p + e));
        PutWord(unit, lane, step, word);
    }
    PackScales(rows, k0, unit + Coded<TTable>::ScaleOffset, lane, (ScaleHalf*)0);
}

template <class TSource, bool Bf16>
INLINE void PackUnit(const TileRows<TSource>& rows, int k0, u8* unit, int lane, Plain16<Bf16>*)
{
    for (int step = 0; step < 8; step++)
        for (int p = 0; p < 4; p++)
        {
            int row = PairRow(lane, p), k = k0 + PairColumn(lane, step, p, 0);
            PutWord(unit, lane, step * 4 + p, rows.Quant(row, k) | rows.Quant(row, k + 1) << 16);
        }
}

template <class TFormat, class TSource>
INLINE void Pack(const PackArgs& args)
{
    int warps = blockDim.x / 32, lane = threadIdx.x % 32;
    long long index = (long long)blockIdx.x * warps + threadIdx.x / 32;
    if (index >= (long long)args.tiles * args.units) return;
    TileRows<TSource> rows = {args, (int)(index / args.units)};
    PackUnit(rows, (int)(index % args.units) * TFormat::UnitK, args.packed + index * TFormat::UnitBytes, lane, (TFormat*)0);
}
