// All kernels of one weight format: LINEAR_KERNELS(q4_k, FormatQ4_K) and, for each file type that packs into it,
// LINEAR_PACK(q4_k, FormatQ4_K, SourceQ4_K).
#pragma once
#include "gemv.cuh"
#include "gemm_hopper.cuh"
#include "gemm_portable.cuh"
#include "linear_gather.cuh"
#include "linear_pack.cuh"

#if LINEAR_WGMMA
#define GEMM(name, F, N, WS, XS) \
    extern "C" __global__ void __launch_bounds__(384, 1) gemm_##name##_n##N(const __grid_constant__ GemmArgs args) \
    { HopperGemm<F, N, WS, XS>::Run(args); }
#define LINEAR_GEMMS(name, F) \
    GEMM(name, F, 16, 5, 8) \
    GEMM(name, F, 32, 5, 8) \
    GEMM(name, F, 64, 4, 8) \
    GEMM(name, F, 128, 4, 6) \
    GEMM(name, F, 256, 3, 4)
#else
#define GEMM(name, F, N) \
    extern "C" __global__ void __launch_bounds__(256, 1) gemm_##name##_n##N(const __grid_constant__ GemmArgs args) \
    { PortableGemm<F, N>::Run(args); }
#define LINEAR_GEMMS(name, F) \
    GEMM(name, F, 16) \
    GEMM(name, F, 64)
#endif

#ifndef LINEAR_SWEEP
#define LINEAR_SWEEP(name, F)
#endif

#define LINEAR_KERNELS(name, F) \
    extern "C" __global__ void __launch_bounds__(512, 1) gemv_##name(const __grid_constant__ GemvArgs args) { Gemv<F>(args); } \
    extern "C" __global__ void gather_##name(const __grid_constant__ GatherArgs args) { Gather<F>(args); } \
    LINEAR_SWEEP(name, F) \
    LINEAR_GEMMS(name, F)

#define LINEAR_PACK(name, F, S) \
    extern "C" __global__ void pack_##name(const __grid_constant__ PackArgs args) { Pack<F, S>(args); }
