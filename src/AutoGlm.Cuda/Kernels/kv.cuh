// How keys and values lie in a layer's part of a block: [kv head][token][size], in one type; of 8-bit numbers the scales of
// groups of 32 are an array apart.
#pragma once
#include "device.cuh"

// One head of one token: where its numbers and, if it has any, its scales are.
struct KvRow
{
    u8* numbers;
    u16* scales;
};

struct KvSingle
{
    static constexpr int Bytes = 4;

    // A warp writes a head from shared memory.
    DEVICE static void write(KvRow row, int size, const float* x, int lane)
    {
        for (int c = lane; c < size; c += WarpSize) ((float*)row.numbers)[c] = x[c];
    }

    DEVICE static float read(KvRow row, int column) { return ((const float*)row.numbers)[column]; }
};

template <class Type>
struct KvShort
{
    static constexpr int Bytes = 2;

    DEVICE static void write(KvRow row, int size, const float* x, int lane)
    {
        for (int c = lane; c < size; c += WarpSize) ((u16*)row.numbers)[c] = Type::round(Type::saturate(x[c]));
    }

    DEVICE static float read(KvRow row, int column) { return Type::one(((const u16*)row.numbers)[column]); }
};

// Q8_0: number i of a row is byte i times scale i / 32, the greatest magnitude of the group over 127 as a half.
struct KvBytes
{
    static constexpr int Bytes = 1;

    // A lane a number, a step a group.
    DEVICE static void write(KvRow row, int size, const float* x, int lane)
    {
        for (int group = 0; group < size / WarpSize; group++)
        {
            const float value = x[group * WarpSize + lane];
            const u16 scale = Half16::round(Half16::saturate(warp_max(fabsf(value)) / 127.f));
            const float step = Half16::one(scale);
            const float number = step > 0 ? fminf(fmaxf(rintf(value * (1.f / step)), -127.f), 127.f) : 0.f;
            ((i8*)row.numbers)[group * WarpSize + lane] = (i8)(int)number;
            if (lane == 0) row.scales[group] = scale;
        }
    }

    DEVICE static float read(KvRow row, int column) { return ((const i8*)row.numbers)[column] * Half16::one(row.scales[column / WarpSize]); }
};

// A head's row of a token in a matrix of a block.
template <class Kv> DEVICE KvRow kv_row(u8* block, i64 numbers, i64 scales, int head, int tokens, int token, int size)
{
    const i64 row = (i64)head * tokens + token;
    return {block + numbers + row * size * Kv::Bytes, (u16*)(block + scales) + row * (size / WarpSize)};
}
