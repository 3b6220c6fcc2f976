// Prefill attention for Hopper.
// targets: 90a
#include "attention_hopper.cuh"

#define ATTENTION_HOPPER(name, Type, Size, Keys, Stages)                                                              \
    extern "C" __global__ void __launch_bounds__(384, 1) name(const __grid_constant__ AttentionArgs args)                       \
    {                                                                                                         \
        attention_hopper<HopperConfig<Type, Size, Keys, Stages>>(args);                                               \
    }

ATTENTION_HOPPER(attention_f16_64_hopper, Half16, 64, 128, 3)
ATTENTION_HOPPER(attention_f16_128_hopper, Half16, 128, 64, 4)
ATTENTION_HOPPER(attention_bf16_64_hopper, Brain16, 64, 128, 3)
ATTENTION_HOPPER(attention_bf16_128_hopper, Brain16, 128, 64, 4)
