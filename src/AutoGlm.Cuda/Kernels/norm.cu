// RMSNorm (arXiv:1910.07467) of rows and of heads.
#include "outputs.cuh"

struct RmsNormArgs
{
    const float* x;
    const float* addend; // added to x first, or null
    float* sum;          // where x + addend is kept, or null; may be x or addend
    const float* gain;   // [width]
    void* y;              // y_stride is an operand's number of rows
    int x_stride, addend_stride, sum_stride, y_stride, width;
    float epsilon;
};

// One block a row; its threads times 16 columns stay in registers, and columns past those are read twice.
template <class Out> DEVICE void rms_norm_row(const RmsNormArgs& args)
{
    constexpr int Held = 4;
    __shared__ float scratch[WarpSize];
    const int step = blockDim.x * 4, first = threadIdx.x * 4;
    // The gain is no kernel's result: it comes from far while others end.
    float4 gain[Held];
#pragma unroll
    for (int i = 0; i < Held; i++) gain[i] = first + i * step < args.width ? *(const float4*)(args.gain + first + i * step) : make_float4(0.f, 0.f, 0.f, 0.f);
    wait_for_inputs();
    const i64 row = blockIdx.x;
    const float* x = args.x + row * args.x_stride;
    const float* addend = args.addend ? args.addend + row * args.addend_stride : nullptr;
    float* sum = args.sum ? args.sum + row * args.sum_stride : nullptr;
    auto read = [&](int c) {
        float4 v = *(const float4*)(x + c);
        if (addend)
        {
            float4 a = *(const float4*)(addend + c);
            v.x += a.x, v.y += a.y, v.z += a.z, v.w += a.w;
        }

        return v;
    };

    float4 held[Held];
    float squares = 0;
#pragma unroll
    for (int i = 0; i < Held; i++)
    {
        int c = first + i * step;
        held[i] = c < args.width ? read(c) : make_float4(0.f, 0.f, 0.f, 0.f);
        squares += held[i].x * held[i].x + held[i].y * held[i].y + held[i].z * held[i].z + held[i].w * held[i].w;
        if (sum && c < args.width) *(float4*)(sum + c) = held[i];
    }

    for (int c = first + Held * step; c < args.width; c += step)
    {
        float4 v = read(c);
        squares += v.x * v.x + v.y * v.y + v.z * v.z + v.w * v.w;
    }

    const float factor = 1.f / sqrtf(block_sum(squares, scratch) / args.width + args.epsilon);
    auto write = [&](int c, float4 v, float4 g) {
        Out::store4(args.y, row, args.y_stride, c, make_float4(v.x * factor * g.x, v.y * factor * g.y, v.z * factor * g.z, v.w * factor * g.w));
    };
#pragma unroll
    for (int i = 0; i < Held; i++)
    {
        if (first + i * step < args.width) write(first + i * step, held[i], gain[i]);
    }

    for (int c = first + Held * step; c < args.width; c += step)
    {
        float4 v = read(c);
        if (sum) *(float4*)(sum + c) = v;
        write(c, v, *(const float4*)(args.gain + c));
    }
}

extern "C" __global__ void __launch_bounds__(1024) rms_norm_f32(const __grid_constant__ RmsNormArgs args) { rms_norm_row<Single>(args); }
extern "C" __global__ void __launch_bounds__(1024) rms_norm_f16(const __grid_constant__ RmsNormArgs args) { rms_norm_row<Short<Half16>>(args); }
extern "C" __global__ void __launch_bounds__(1024) rms_norm_bf16(const __grid_constant__ RmsNormArgs args) { rms_norm_row<Short<Brain16>>(args); }
extern "C" __global__ void __launch_bounds__(1024) rms_norm_operand_f16(const __grid_constant__ RmsNormArgs args) { rms_norm_row<Operand<Half16>>(args); }
extern "C" __global__ void __launch_bounds__(1024) rms_norm_operand_bf16(const __grid_constant__ RmsNormArgs args) { rms_norm_row<Operand<Brain16>>(args); }

struct RmsNormGroupsArgs
{
    const float* x;
    const float* gain; // [size]
    float* y;
    int x_stride, y_stride, groups, size, count; // count = rows·groups
    float epsilon;
};

// One warp a group: heads, and rows whose width is no multiple of 4.
extern "C" __global__ void rms_norm_groups(const __grid_constant__ RmsNormGroupsArgs args)
{
    wait_for_inputs();
    const int at = blockIdx.x * (blockDim.x / WarpSize) + threadIdx.x / WarpSize, lane = threadIdx.x % WarpSize;
    if (at >= args.count) return;
    const i64 row = at / args.groups;
    const int group = at % args.groups;
    const float* x = args.x + row * args.x_stride + group * args.size;
    float* y = args.y + row * args.y_stride + group * args.size;
    float squares = 0;
    for (int c = lane; c < args.size; c += WarpSize) squares += x[c] * x[c];
    const float factor = 1.f / sqrtf(warp_sum(squares) / args.size + args.epsilon);
    for (int c = lane; c < args.size; c += WarpSize) y[c] = x[c] * factor * args.gain[c];
}
