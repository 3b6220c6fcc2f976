#include "linear.cuh"

LINEAR_KERNELS(q4_0, FormatQ4_0)
LINEAR_PACK(q4_0, FormatQ4_0, SourceQ4_0)
