#include "linear.cuh"

LINEAR_KERNELS(q5_1, FormatQ5_1)
LINEAR_PACK(q5_1, FormatQ5_1, SourceQ5_1)
