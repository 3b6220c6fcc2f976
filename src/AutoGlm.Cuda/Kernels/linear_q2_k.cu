#include "linear.cuh"

LINEAR_KERNELS(q2_k, FormatQ2_K)
LINEAR_PACK(q2_k, FormatQ2_K, SourceQ2_K)
