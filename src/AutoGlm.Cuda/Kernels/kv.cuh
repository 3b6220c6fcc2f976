// How keys and values lie in a layer's part of a block: [kv head][token][size], in one type.
#pragma once
#include "device.cuh"

struct KvSingle
{
    static constexpr int Bytes = 4;

    // A warp writes one head of one token from shared memory.
    DEVICE static void write(u8* matrix, int tokens, int, int head, int token, int size, const float* x, int lane)
    {
        float* y = (float*)matrix + ((i64)head * tokens + token) * size;
        for (int c = lane; c < size; c += WarpSize) y[c] = x[c];
    }

    DEVICE static float read(const u8* matrix, int tokens, int, int head, int token, int size, int column)
    {
        return ((const float*)matrix)[((i64)head * tokens + token) * size + column];
    }
};

template <class Type>
struct KvShort
{
    static constexpr int Bytes = 2;

    DEVICE static void write(u8* matrix, int tokens, int, int head, int token, int size, const float* x, int lane)
    {
        u16* y = (u16*)matrix + ((i64)head * tokens + token) * size;
        for (int c = lane; c < size; c += WarpSize) y[c] = Type::round(x[c]);
    }

    DEVICE static float read(const u8* matrix, int tokens, int, int head, int token, int size, int column)
    {
        return Type::one(((const u16*)matrix)[((i64)head * tokens + token) * size + column]);
    }
};
