#include "linear.cuh"

LINEAR_KERNELS(iq4_nl, FormatIQ4_NL)
LINEAR_PACK(iq4_nl, FormatIQ4_NL, SourceIQ4_NL)
LINEAR_PACK(iq4_xs, FormatIQ4_NL, SourceIQ4_XS)
