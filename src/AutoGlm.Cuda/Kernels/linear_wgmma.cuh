// Hopper's warpgroup products: sums[64 x N] += a[64 x 16] b[16 x N], a in registers as mma.sync holds it (each warp 16
// rows), b in shared memory, columns of it in rows of 128 bytes, swizzled.
#pragma once
#include "linear_base.cuh"

#if LINEAR_WGMMA
INLINE void WarpgroupFence() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
INLINE void WarpgroupCommit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
template <int Pending> INLINE void WarpgroupWait() { asm volatile("wgmma.wait_group.sync.aligned %0;" :: "n"(Pending) : "memory"); }

// Rows of 128 bytes in a swizzle of eight rows; the next eight rows are 1024 bytes on.
INLINE u64 SwizzledOperand(u32 at) { return (u64)((at & 0x3FFFF) >> 4) | 1ull << 16 | 64ull << 32 | 1ull << 62; }

#define SUMS_0 "%0, %1, %2, %3, %4, %5, %6, %7"
#define SUMS_1 "%8, %9, %10, %11, %12, %13, %14, %15"
#define SUMS_2 "%16, %17, %18, %19, %20, %21, %22, %23"
#define SUMS_3 "%24, %25, %26, %27, %28, %29, %30, %31"
#define SUMS_4 "%32, %33, %34, %35, %36, %37, %38, %39"
#define SUMS_5 "%40, %41, %42, %43, %44, %45, %46, %47"
#define SUMS_6 "%48, %49, %50, %51, %52, %53, %54, %55"
#define SUMS_7 "%56, %57, %58, %59, %60, %61, %62, %63"
#define SUMS_8 "%64, %65, %66, %67, %68, %69, %70, %71"
#define SUMS_9 "%72, %73, %74, %75, %76, %77, %78, %79"
#define SUMS_10 "%80, %81, %82, %83, %84, %85, %86, %87"
#define SUMS_11 "%88, %89, %90, %91, %92, %93, %94, %95"
#define SUMS_12 "%96, %97, %98, %99, %100, %101, %102, %103"
#define SUMS_13 "%104, %105, %106, %107, %108, %109, %110, %111"
#define SUMS_14 "%112, %113, %114, %115, %116, %117, %118, %119"
#define SUMS_15 "%120, %121, %122, %123, %124, %125, %126, %127"
#define SUMS_OUT(d, i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3]), "+f"(d[i + 4]), "+f"(d[i + 5]), "+f"(d[i + 6]), "+f"(d[i + 7])
#define SUMS_OUT32(d, i) SUMS_OUT(d, i), SUMS_OUT(d, i + 8), SUMS_OUT(d, i + 16), SUMS_OUT(d, i + 24)

#define WARPGROUP_PRODUCT(N, TYPE, LIST, TAIL, ...) \
    asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, 1, 0;\n" \
        "wgmma.mma_async.sync.aligned.m64n" #N "k16.f32." TYPE "." TYPE " {" LIST "}, " TAIL ", p, 1, 1, 0;\n}\n" \
        : __VA_ARGS__ : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b))

template <int N, bool Bf16> struct WarpgroupProduct;

template <bool Bf16> struct WarpgroupProduct<16, Bf16>
{
    static INLINE void Add(float (&d)[8], const u32 (&a)[4], u64 b)
    {
        if (Bf16) WARPGROUP_PRODUCT(16, "bf16", SUMS_0, "{%8, %9, %10, %11}, %12", SUMS_OUT(d, 0));
        else WARPGROUP_PRODUCT(16, "f16", SUMS_0, "{%8, %9, %10, %11}, %12", SUMS_OUT(d, 0));
    }
};

template <bool Bf16> struct WarpgroupProduct<32, Bf16>
{
    static INLINE void Add(float (&d)[16], const u32 (&a)[4], u64 b)
    {
        if (Bf16) WARPGROUP_PRODUCT(32, "bf16", SUMS_0 ", " SUMS_1, "{%16, %17, %18, %19}, %20", SUMS_OUT(d, 0), SUMS_OUT(d, 8));
        else WARPGROUP_PRODUCT(32, "f16", SUMS_0 ", " SUMS_1, "{%16, %17, %18, %19}, %20", SUMS_OUT(d, 0), SUMS_OUT(d, 8));
    }
};

template <bool Bf16> struct WarpgroupProduct<64, Bf16>
{
    static INLINE void Add(float (&d)[32], const u32 (&a)[4], u64 b)
    {
        if (Bf16) WARPGROUP_PRODUCT(64, "bf16", SUMS_0 ", " SUMS_1 ", " SUMS_2 ", " SUMS_3, "{%32, %33, %34, %35}, %36", SUMS_OUT32(d, 0));
        else WARPGROUP_PRODUCT(64, "f16", SUMS_0 ", " SUMS_1 ", " SUMS_2 ", " SUMS_3, "{%32, %33, %34, %35}, %36", SUMS_OUT32(d, 0));
    }
};

template <bool Bf16> struct WarpgroupProduct<128, Bf16>
{
    static INLINE void Add(float (&d)[64], const u32 (&a)[4], u64 b)
    {
        if (Bf16) WARPGROUP_PRODUCT(128, "bf16", SUMS_0 ", " SUMS_1 ", " SUMS_2 ", " SUMS_3 ", " SUMS_4 ", " SUMS_5 ", " SUMS_6 ", " SUMS_7, "{%64, %65, %66, %67}, %68", SUMS_OUT32(d, 0), SUMS_OUT32(d, 32));
        else WARPGROUP_PRODUCT(128, "f16", SUMS_0 ", " SUMS_1 ", " SUMS_2 ", " SUMS_3 ", " SUMS_4 ", " SUMS_5 ", " SUMS_6 ", " SUMS_7, "{%64, %65, %66, %67}, %68", SUMS_OUT32(d, 0), SUMS_OUT32(d, 32));
    }
};

template <bool Bf16> struct WarpgroupProduct<256, Bf16>
{
    static INLINE void Add(float (&d)[128], const u32 (&a)[4], u64 b)
    {
        if (Bf16) WARPGROUP_PRODUCT(256, "bf16", SUMS_0 ", " SUMS_1 ", " SUMS_2 ", " SUMS_3 ", " SUMS_4 ", " SUMS_5 ", " SUMS_6 ", " SUMS_7 ", " SUMS_8 ", " SUMS_9 ", " SUMS_10 ", " SUMS_11 ", " SUMS_12 ", " SUMS_13 ", " SUMS_14 ", " SUMS_15, "{%128, %129, %130, %131}, %132", SUMS_OUT32(d, 0), SUMS_OUT32(d, 32), SUMS_OUT32(d, 64), SUMS_OUT32(d, 96));
        else WARPGROUP_PRODUCT(256, "f16", SUMS_0 ", " SUMS_1 ", " SUMS_2 ", " SUMS_3 ", " SUMS_4 ", " SUMS_5 ", " SUMS_6 ", " SUMS_7 ", " SUMS_8 ", " SUMS_9 ", " SUMS_10 ", " SUMS_11 ", " SUMS_12 ", " SUMS_13 ", " SUMS_14 ", " SUMS_15, "{%128, %129, %130, %131}, %132", SUMS_OUT32(d, 0), SUMS_OUT32(d, 32), SUMS_OUT32(d, 64), SUMS_OUT32(d, 96));
    }
};
#endif
