// Where a kernel's result goes: single precision, or the 16-bit form that the next product reads.
#pragma once
#include "device.cuh"

// A matrix of floats, rows `stride` apart.
struct Single
{
    static constexpr int Bytes = 4;
    DEVICE static void store(void* y, i64 row, int stride, int column, float x) { ((float*)y)[row * stride + column] = x; }
    DEVICE static void store4(void* y, i64 row, int stride, int column, float4 x) { *(float4*)((float*)y + row * stride + column) = x; }
};

// The same of 16-bit numbers.
template <class Type>
struct Short
{
    static constexpr int Bytes = 2;
    DEVICE static void store(void* y, i64 row, int stride, int column, float x) { ((u16*)y)[row * stride + column] = Type::round(Type::saturate(x)); }
    DEVICE static void store4(void* y, i64 row, int stride, int column, float4 x)
    {
        *(uint2*)((u16*)y + row * stride + column) = make_uint2(Type::pack_saturated(x.x, x.y), Type::pack_saturated(x.z, x.w));
    }
};

// What tensor-core products read (see linear_operand.cuh): blocks of 64 columns, in each a line of 128 bytes a row, its chunks of
// 16 bytes swizzled. The stride is the operand's number of rows.
template <class Type>
struct Operand
{
    static constexpr int Bytes = 2;
    DEVICE static u16* at(void* y, i64 row, int rows, int column)
    {
        return (u16*)y + ((column >> 6) * (i64)rows + row) * 64 + ((column >> 3 & 7) ^ (int)(row & 7)) * 8 + (column & 7);
    }

    DEVICE static void store(void* y, i64 row, int rows, int column, float x) { *at(y, row, rows, column) = Type::round(Type::saturate(x)); }
    DEVICE static void store4(void* y, i64 row, int rows, int column, float4 x)
    {
        *(uint2*)at(y, row, rows, column) = make_uint2(Type::pack_saturated(x.x, x.y), Type::pack_saturated(x.z, x.w));
    }
};

// The sum of x over a block's threads, in all of them. `scratch` has 32 floats and may be used again after the next barrier.
DEVICE float block_sum(float x, float* scratch)
{
    x = warp_sum(x);
    if (threadIdx.x % WarpSize == 0) scratch[threadIdx.x / WarpSize] = x;
    __syncthreads();
    int warps = blockDim.x / WarpSize;
    x = (int)(threadIdx.x % WarpSize) < warps ? scratch[threadIdx.x % WarpSize] : 0.f;
    return warp_sum(x);
}
