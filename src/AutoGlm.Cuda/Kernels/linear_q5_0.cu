#include "linear.cuh"

LINEAR_KERNELS(q5_0, FormatQ5_0)
LINEAR_PACK(q5_0, FormatQ5_0, SourceQ5_0)
