#include "linear.cuh"

LINEAR_KERNELS(q6_k, FormatQ6_K)
LINEAR_PACK(q6_k, FormatQ6_K, SourceQ6_K)
