// y = x Wᵀ with weights in single precision, as they lie in files: routers, and models that were never rounded.
#include "gemv.cuh"
#include "linear_gather.cuh"

// A warp makes one output of up to eight rows at a time: the weights are read once.
INLINE void FloatDot(const GemvTask& task, const float* weights, int lane, float (&sums)[8])
{
    const GemvArgs& args = task.args;
    bool whole = (((u64)weights | (u64)task.x | args.ldx * 4 | args.columns * 4) & 15) == 0;
    for (int k = lane * 4; k < args.columns; k += 128)
    {
        if (whole)
        {
            float4 w = *(const float4*)(weights + k);
#pragma unroll
            for (int n = 0; n < 8; n++)
            {
                if (n >= task.rows) break;
                float4 x = *(const float4*)(task.x + n * args.ldx + k);
                sums[n] += w.x * x.x + w.y * x.y + w.z * x.z + w.w * x.w;
            }
        }
        else
        {
            for (int i = k; i < min(k + 4, args.columns); i++)
            {
#pragma unroll
                for (int n = 0; n < 8; n++)
                    if (n < task.rows) sums[n] += weights[i] * task.x[n * args.ldx + i];
            }
        }
    }
}

extern "C" __global__ void __launch_bounds__(256) gemv_f32(const __grid_constant__ GemvArgs args)
{
    WaitForInputs();
    LetNextStart();
    GemvTask task(args);
    int lane = threadIdx.x % 32;
    for (int output = blockIdx.x * 8 + threadIdx.x / 32; output < args.outputs; output += gridDim.x * 8)
    {
        float sums[8] = {0, 0, 0, 0, 0, 0, 0, 0};
        FloatDot(task, (const float*)task.weights + (long long)output * args.columns, lane, sums);
#pragma unroll
        for (int n = 0; n < 8; n++)
        {
            if (n >= task.rows) break;
            float sum = sums[n];
#pragma unroll
            for (int d = 16; d > 0; d >>= 1) sum += __shfl_xor_sync(0xFFFFFFFFu, sum, d);
            if (lane != 0) continue;
            if (task.bias) sum += task.bias[output];
            if (task.addend) sum += task.addend[n * args.lda + output];
            task.y[n * args.ldy + output] = sum;
        }
    }
}

extern "C" __global__ void gather_f32(const __grid_constant__ GatherArgs args)
{
    WaitForInputs();
    LetNextStart();
    const float* row = (const float*)args.weights + (long long)args.ids[blockIdx.x] * args.columns;
    for (int i = threadIdx.x; i < args.columns; i += blockDim.x) args.y[blockIdx.x * args.ldy + i] = row[i];
}
