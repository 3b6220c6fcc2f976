#include "linear.cuh"

LINEAR_KERNELS(q5_k, FormatQ5_K)
LINEAR_PACK(q5_k, FormatQ5_K, SourceQ5_K)
