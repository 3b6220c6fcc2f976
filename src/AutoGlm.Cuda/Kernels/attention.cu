// The attention kernels that are shipped. Names: attention_TYPE_SIZE_rows, where rows is 16 for decoding and few rows and 64
// for prefill; a head may have fewer columns than SIZE.
#include "attention.cuh"
#include "attention_plain.cuh"

// Size, row warps, teams, groups of 16 keys, stages, exact, queries in shared memory. AttentionVariant in C# knows the same.
#define ATTENTION(name, Type, Size, RowWarps, Teams, Groups, Stages, Exact, Shared)                                            \
    extern "C" __global__ void __launch_bounds__((RowWarps) * (Teams) * 32) name(const __grid_constant__ AttentionArgs args)   \
    {                                                                                                                          \
        attention<AttentionConfig<Type, Size, RowWarps, Teams, Groups, Stages, Exact, Shared>>(args);                          \
    }

#define ATTENTION_TYPE(type, Type)                                         \
    ATTENTION(attention_##type##_64_16, Type, 64, 1, 4, 2, 3, true, false)   \
    ATTENTION(attention_##type##_128_16, Type, 128, 1, 4, 1, 3, true, false) \
    ATTENTION(attention_##type##_256_16, Type, 256, 1, 4, 1, 2, true, true)  \
    ATTENTION(attention_##type##_64_64, Type, 64, 4, 1, 4, 2, false, false)  \
    ATTENTION(attention_##type##_128_64, Type, 128, 4, 1, 4, 2, false, false) \
    ATTENTION(attention_##type##_256_64, Type, 256, 4, 1, 2, 2, false, true)

#define ATTENTION_BYTES(name, Size, RowWarps, Teams, Groups, Stages, Exact)                                                    \
    extern "C" __global__ void __launch_bounds__((RowWarps) * (Teams) * 32) name(const __grid_constant__ AttentionArgs args)   \
    {                                                                                                                          \
        attention<AttentionConfig<Half16, Size, RowWarps, Teams, Groups, Stages, Exact, true, true>>(args);                    \
    }

ATTENTION_BYTES(attention_q8_0_64_16, 64, 1, 4, 2, 3, true)
ATTENTION_BYTES(attention_q8_0_128_16, 128, 1, 4, 1, 3, true)
ATTENTION_BYTES(attention_q8_0_256_16, 256, 1, 4, 1, 2, true)
ATTENTION_BYTES(attention_q8_0_64_64, 64, 4, 1, 4, 2, false)
ATTENTION_BYTES(attention_q8_0_128_64, 128, 4, 1, 4, 2, false)
ATTENTION_BYTES(attention_q8_0_256_64, 256, 4, 1, 2, 2, false)
ATTENTION_TYPE(f16, Half16)
ATTENTION_TYPE(bf16, Brain16)

#define ATTENTION_PLAIN(type, Kv)                                                                                                              \
    extern "C" __global__ void __launch_bounds__(PlainWarps * 32) attention_##type##_plain(const __grid_constant__ AttentionArgs args) { attention_plain<Kv, false>(args); } \
    extern "C" __global__ void __launch_bounds__(PlainWarps * 32) attention_##type##_latent(const __grid_constant__ AttentionArgs args) { attention_plain<Kv, true>(args); }

ATTENTION_PLAIN(f32, KvSingle)
ATTENTION_PLAIN(f16, KvShort<Half16>)
ATTENTION_PLAIN(bf16, KvShort<Brain16>)
ATTENTION_PLAIN(q8_0, KvBytes)
