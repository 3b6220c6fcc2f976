#include "linear.cuh"

LINEAR_KERNELS(mxfp4, FormatMXFP4)
LINEAR_PACK(mxfp4, FormatMXFP4, SourceMXFP4)
