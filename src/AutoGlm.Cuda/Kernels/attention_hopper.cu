// Prefill attention for Hopper; for compute_90a alone.
#include "attention_hopper.cuh"

#define ATTENTION_HOPPER(name, Type, Size, Keys)                                                              \
    extern "C" __global__ void __launch_bounds__(384, 1) name(const AttentionArgs args)                       \
    {                                                                                                         \
        attention_hopper<HopperConfig<Type, Size, Keys>>(args);                                               \
    }

ATTENTION_HOPPER(attention_f16_64_hopper, Half16, 64, 128)
ATTENTION_HOPPER(attention_f16_128_hopper, Half16, 128, 128)
ATTENTION_HOPPER(attention_bf16_64_hopper, Brain16, 64, 128)
ATTENTION_HOPPER(attention_bf16_128_hopper, Brain16, 128, 128)
