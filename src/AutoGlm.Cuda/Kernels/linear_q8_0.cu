#include "linear.cuh"

LINEAR_KERNELS(q8_0, FormatQ8_0)
LINEAR_PACK(q8_0, FormatQ8_0, SourceQ8_0)
