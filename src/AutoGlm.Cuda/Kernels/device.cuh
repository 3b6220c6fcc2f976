// What every kernel here stands on: short names, conversions, and the instructions that CUDA C++ has no words for.
// No header of the toolkit is included, so that any compiler of CUDA C++ (nvcc, NVRTC, clang) takes these files as they are.
#pragma once

typedef unsigned char u8;
typedef signed char i8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef long long i64;
typedef unsigned long long u64;

#define DEVICE __device__ __forceinline__

constexpr int WarpSize = 32;
constexpr u32 AllLanes = 0xffffffffu;
constexpr float Log2E = 1.4426950408889634f;

DEVICE float infinity() { return __int_as_float(0x7f800000); }

DEVICE float exp2_fast(float x)
{
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

// Lets the kernel after this one start, and waits for the results of the one before, where both were launched to overlap.
DEVICE void wait_for_inputs()
{
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\ngriddepcontrol.wait;" ::: "memory");
#endif
}

// Brings what an address names near, if it is not: to the L2 cache.
DEVICE void bring_near(const void* p)
{
    asm volatile("prefetch.global.L2 [%0];" ::"l"(p) : "memory");
}

DEVICE u32 shared_address(const void* p) { return (u32)__cvta_generic_to_shared(p); }

// 16 bytes from global to shared memory, of which the first `bytes` are read and the others are zeros.
DEVICE void copy_async16(u32 to, const void* from, int bytes)
{
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(bytes) : "memory");
}

DEVICE void copy_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Waits until at most Pending of this thread's newest groups are still under way.
template <int Pending> DEVICE void copy_async_wait() { asm volatile("cp.async.wait_group %0;" ::"n"(Pending) : "memory"); }

// Four 8x8 matrices of 16-bit elements from shared memory; lane i names row i % 8 of matrix i / 8.
DEVICE void load_matrices(u32 (&r)[4], u32 address)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(address) : "memory");
}

DEVICE void load_matrices_transposed(u32 (&r)[4], u32 address)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(address) : "memory");
}

// IEEE half precision, in pairs.
struct Half16
{
    DEVICE static u32 pack(float low, float high)
    {
        u32 r;
        asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
        return r;
    }

    DEVICE static float one(u16 bits)
    {
        float r;
        asm("cvt.f32.f16 %0, %1;" : "=f"(r) : "h"(bits));
        return r;
    }

    DEVICE static u16 round(float x)
    {
        u16 r;
        asm("cvt.rn.f16.f32 %0, %1;" : "=h"(r) : "f"(x));
        return r;
    }

    // Activations may be larger than a half holds.
    DEVICE static float saturate(float x) { return fminf(fmaxf(x, -65504.f), 65504.f); }
    DEVICE static u32 pack_saturated(float low, float high) { return pack(saturate(low), saturate(high)); }
    DEVICE static float low(u32 pair) { return one((u16)pair); }
    DEVICE static float high(u32 pair) { return one((u16)(pair >> 16)); }

    // c [16, 8] += a [16, 16] · b [16, 8].
    DEVICE static void multiply(float (&c)[4], const u32 (&a)[4], u32 b0, u32 b1)
    {
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                     : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
    }
};

// bfloat16, in pairs.
struct Brain16
{
    DEVICE static u32 pack(float low, float high)
    {
        u32 r;
        asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
        return r;
    }

    DEVICE static float one(u16 bits) { return __int_as_float((int)bits << 16); }
    DEVICE static u16 round(float x) { return (u16)pack(x, 0.f); }
    DEVICE static float saturate(float x) { return x; }
    DEVICE static u32 pack_saturated(float low, float high) { return pack(low, high); }
    DEVICE static float low(u32 pair) { return __int_as_float((int)(pair << 16)); }
    DEVICE static float high(u32 pair) { return __int_as_float((int)(pair & 0xffff0000u)); }

    DEVICE static void multiply(float (&c)[4], const u32 (&a)[4], u32 b0, u32 b1)
    {
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                     : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
    }
};

DEVICE float warp_sum(float x)
{
#pragma unroll
    for (int lanes = 16; lanes > 0; lanes >>= 1) x += __shfl_xor_sync(AllLanes, x, lanes);
    return x;
}

DEVICE float warp_max(float x)
{
#pragma unroll
    for (int lanes = 16; lanes > 0; lanes >>= 1) x = fmaxf(x, __shfl_xor_sync(AllLanes, x, lanes));
    return x;
}
