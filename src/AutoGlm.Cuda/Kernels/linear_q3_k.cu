#include "linear.cuh"

LINEAR_KERNELS(q3_k, FormatQ3_K)
LINEAR_PACK(q3_k, FormatQ3_K, SourceQ3_K)
