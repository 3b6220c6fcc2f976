// What the kernels of linear layers are made of: packed arithmetic, copies that run beside it, tensor-core steps.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
#define LINEAR_BULK 1  // copies by the bulk engine, signalled through mbarriers
#else
#define LINEAR_BULK 0
#endif

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define LINEAR_WGMMA 1
#else
#define LINEAR_WGMMA 0
#endif

#define INLINE __device__ __forceinline__

// ---- halves in pairs -------------------------------------------------------------------------------------------------

INLINE u32 HalfFma(u32 a, u32 b, u32 c) { u32 d; asm("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c)); return d; }
INLINE u32 HalfSub(u32 a, u32 b) { u32 d; asm("sub.rn.f16x2 %0, %1, %2;" : "=r"(d) : "r"(a), "r"(b)); return d; }
INLINE u32 HalfMul(u32 a, u32 b) { u32 d; asm("mul.rn.f16x2 %0, %1, %2;" : "=r"(d) : "r"(a), "r"(b)); return d; }
INLINE u32 Permute(u32 a, u32 b, u32 selector) { u32 d; asm("prmt.b32 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(selector)); return d; }
// a & b | c, in one instruction: two constants do not fit into one otherwise.
INLINE u32 AndOr(u32 a, u32 b, u32 c) { u32 d; asm("lop3.b32 %0, %1, %2, %3, 0xEA;" : "=r"(d) : "r"(a), "r"(b), "r"(c)); return d; }
INLINE u32 LowTwice(u32 a) { return Permute(a, a, 0x1010); }
INLINE u32 HighTwice(u32 a) { return Permute(a, a, 0x3232); }

INLINE float HalfToFloat(u16 h) { float f; asm("cvt.f32.f16 %0, %1;" : "=f"(f) : "h"(h)); return f; }
INLINE u16 FloatToHalf(float f) { u16 h; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(h) : "f"(f)); return h; }

// Two floats to a pair; halves saturate, as activations may be larger than a half holds.
template <bool Bf16> INLINE u32 Pair(float low, float high)
{
    u32 d;
    if (Bf16)
    {
        asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(d) : "f"(high), "f"(low));
    }
    else
    {
        low = fminf(fmaxf(low, -65504.f), 65504.f);
        high = fminf(fmaxf(high, -65504.f), 65504.f);
        asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(d) : "f"(high), "f"(low));
    }
    return d;
}

// ---- copies ----------------------------------------------------------------------------------------------------------

INLINE u32 Shared(const void* p) { return (u32)__cvta_generic_to_shared(p); }

INLINE void CopyAsync16(u32 to, const void* from)
{
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" :: "r"(to), "l"(from) : "memory");
}
INLINE void CopyCommit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int Pending> INLINE void CopyWait() { asm volatile("cp.async.wait_group %0;" :: "n"(Pending) : "memory"); }

#if LINEAR_BULK
INLINE void BarrierInit(u32 barrier, u32 count) { asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" :: "r"(barrier), "r"(count) : "memory"); }
INLINE void BarrierInitFence() { asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory"); }
INLINE void BarrierExpect(u32 barrier, u32 bytes) { asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" :: "r"(barrier), "r"(bytes) : "memory"); }
INLINE void BarrierArrive(u32 barrier) { asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" :: "r"(barrier) : "memory"); }
INLINE void BarrierWait(u32 barrier, u32 parity)
{
    asm volatile(
        "{\n"
        ".reg .pred p;\n"
        "wait_more:\n"
        "mbarrier.try_wait.parity.shared::cta.b64 p, [%0], %1;\n"
        "@p bra wait_done;\n"
        "bra wait_more;\n"
        "wait_done:\n"
        "}\n" :: "r"(barrier), "r"(parity) : "memory");
}
INLINE void CopyBulk(u32 to, const void* from, u32 bytes, u32 barrier)
{
    asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];"
        :: "r"(to), "l"(from), "r"(bytes), "r"(barrier) : "memory");
}
#endif

// A grid may start while the one before it ends: before this, touch only what no kernel writes (weights).
INLINE void WaitForInputs()
{
#if LINEAR_BULK
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}
INLINE void LetNextStart()
{
#if LINEAR_BULK
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

// ---- tensor cores ----------------------------------------------------------------------------------------------------

// d[16 x 8] = a[16 x 16] b[16 x 8], of halves
INLINE void MultiplyFirst(float (&d)[4], const u32 (&a)[4], u32 b0, u32 b1)
{
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%10,%10,%10,%10};"
        : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1), "f"(0.f));
}

// d[16 x 8] += a[16 x 16] b[16 x 8]
template <bool Bf16> INLINE void Multiply(float (&d)[4], const u32 (&a)[4], u32 b0, u32 b1)
{
    if (Bf16)
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
            : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
    else
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
            : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
