// Where a kernel's result goes: single precision, or the 16-bit form that the next product reads.
#pragma once
#include "device.cuh"

struct Single
{
    static constexpr int Bytes = 4;
    DEVICE static void store(void* y, i64 i, float x) { ((float*)y)[i] = x; }
    DEVICE static void store4(void* y, i64 i, float4 x) { *(float4*)((float*)y + i) = x; }
};

template <class Type>
struct Short
{
    static constexpr int Bytes = 2;
    DEVICE static void store(void* y, i64 i, float x) { ((u16*)y)[i] = Type::round(x); }
    DEVICE static void store4(void* y, i64 i, float4 x) { *(uint2*)((u16*)y + i) = make_uint2(Type::pack(x.x, x.y), Type::pack(x.z, x.w)); }
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
