#include "linear.cuh"

LINEAR_KERNELS(f16, FormatF16)
LINEAR_PACK(f16, FormatF16, Source16)
