#include "linear.cuh"

LINEAR_KERNELS(q4_k, FormatQ4_K)
LINEAR_PACK(q4_k, FormatQ4_K, SourceQ4_K)
