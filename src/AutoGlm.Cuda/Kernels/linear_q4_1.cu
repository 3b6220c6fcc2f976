#include "linear.cuh"

LINEAR_KERNELS(q4_1, FormatQ4_1)
LINEAR_PACK(q4_1, FormatQ4_1, SourceQ4_1)
