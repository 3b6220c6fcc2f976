#include "linear.cuh"

LINEAR_KERNELS(bf16, FormatBF16)
LINEAR_PACK(bf16, FormatBF16, Source16)
