// What a card's memory gives at most: a plain read, for benchmarks to compare with.
#include "linear_base.cuh"

struct ReadArgs
{
    const uint4* from;
    u32* to;
    long long count;
};

extern "C" __global__ void __launch_bounds__(512) read_memory(const __grid_constant__ ReadArgs args)
{
    u32 all = 0;
    long long stride = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i + 3 * stride < args.count; i += 4 * stride)
    {
#pragma unroll
        for (int j = 0; j < 4; j++)
        {
            uint4 v = args.from[i + j * stride];
            all ^= v.x ^ v.y ^ v.z ^ v.w;
        }
    }
    // Hardly ever so, but the compiler cannot know.
    if (all == 0x12345) *args.to = all;
}
