// A mixture's router: which experts a row goes to, and with what weight; and the sum of what they give back.
#include "device.cuh"

struct RouterArgs
{
    const float* logits;
    const float* bias;  // [experts], added for the choice alone; or null
    float* y;           // [row][2·used]: ids, best first, then weights
    int logits_stride, y_stride, rows, experts, used, gating, groups, groups_used, normalize;
    float scale;
};

enum { GatingSoftmax = 0, GatingSigmoid = 1, GatingSoftmaxOfSelected = 2 };

// The lane-wide best of (value, index): the greatest value, of equal ones the least index.
DEVICE void warp_best(float& value, int& index)
{
#pragma unroll
    for (int lanes = 16; lanes > 0; lanes >>= 1)
    {
        float v = __shfl_xor_sync(AllLanes, value, lanes);
        int i = __shfl_xor_sync(AllLanes, index, lanes);
        if (v > value || (v == value && i < index)) value = v, index = i;
    }
}

DEVICE void best_of(const float* values, int count, int lane, float& value, int& index)
{
    value = -infinity(), index = count;
    for (int i = lane; i < count; i += WarpSize)
    {
        // Not a number: chosen already, or nonsense.
        bool real = values[i] == values[i];
        if (real && (values[i] > value || index == count)) value = values[i], index = i;
    }

    warp_best(value, index);
}

// exp(x - max) over their sum, in place.
DEVICE void softmax(float* x, int count, int lane)
{
    float most = -infinity(), sum = 0;
    for (int i = lane; i < count; i += WarpSize) most = fmaxf(most, x[i]);
    most = warp_max(most);
    for (int i = lane; i < count; i += WarpSize) sum += x[i] = expf(x[i] - most);
    sum = warp_sum(sum);
    for (int i = lane; i < count; i += WarpSize) x[i] /= sum;
    __syncwarp();
}

// Leaves only the experts of the best groups. A group is worth its best two experts, or its best one under softmax.
DEVICE void bar_groups(const RouterArgs& args, float* choice, float* worth, int lane)
{
    const int size = args.experts / args.groups;
    for (int group = lane; group < args.groups; group += WarpSize)
    {
        float first = -infinity(), second = -infinity();
        for (int i = 0; i < size; i++)
        {
            float x = choice[group * size + i];
            if (x > first) second = first, first = x;
            else second = fmaxf(second, x);
        }

        worth[group] = args.gating == GatingSoftmax || size == 1 ? first : first + second;
    }

    __syncwarp();
    for (int i = lane; i < args.experts; i += WarpSize)
    {
        int group = i / size, better = 0;
        for (int other = 0; other < args.groups; other++)
            better += worth[other] > worth[group] || (worth[other] == worth[group] && other < group);
        if (better >= args.groups_used) choice[i] = -infinity();
    }

    __syncwarp();
}

// One warp a row. Shared memory: per warp 2·experts + groups floats.
extern "C" __global__ void route(const __grid_constant__ RouterArgs args)
{
    extern __shared__ float memory[];
    wait_for_inputs();
    const int lane = threadIdx.x % WarpSize, warp = threadIdx.x / WarpSize, row = blockIdx.x * (blockDim.x / WarpSize) + warp;
    if (row >= args.rows) return;
    float* scores = memory + warp * (2 * args.experts + args.groups);
    float* choice = scores + args.experts;
    const float* logits = args.logits + (i64)row * args.logits_stride;
    for (int i = lane; i < args.experts; i += WarpSize) scores[i] = args.gating == GatingSigmoid ? 1.f / (1.f + expf(-logits[i])) : logits[i];
    __syncwarp();
    if (args.gating == GatingSoftmax) softmax(scores, args.experts, lane);
    for (int i = lane; i < args.experts; i += WarpSize) choice[i] = scores[i] + (args.bias ? args.bias[i] : 0.f);
    __syncwarp();
    if (args.groups > 1) bar_groups(args, choice, choice + args.experts, lane);

    float* y = args.y + (i64)row * args.y_stride;
    float* weights = y + args.used;
    for (int slot = 0; slot < args.used; slot++)
    {
        float value;
        int expert;
        best_of(choice, args.experts, lane, value, expert);
        expert = min(expert, args.experts - 1);
        __syncwarp();
        if (lane == 0) y[slot] = expert, weights[slot] = scores[expert], choice[expert] = __int_as_float(0x7fffffff);
        __syncwarp();
    }

    if (args.gating == GatingSoftmaxOfSelected) softmax(weights, args.used, lane);
    float sum = 0;
    for (int i = lane; i < args.used; i += WarpSize) sum += weights[i];
    sum = args.normalize ? warp_sum(sum) + 1e-20f : 1.f;
    for (int i = lane; i < args.used; i += WarpSize) weights[i] = weights[i] / sum * args.scale;
}

struct ExpertSumArgs
{
    const float* x;       // [row][used][width]
    const float* routing; // [row][2·used]
    const float* addend;  // [row][width] or null
    float* y;
    int x_stride, routing_stride, addend_stride, y_stride, used, width;
};

// The grid's y counts rows.
extern "C" __global__ void expert_sum(const __grid_constant__ ExpertSumArgs args)
{
    wait_for_inputs();
    const i64 row = blockIdx.y;
    const int c = blockIdx.x * blockDim.x + threadIdx.x;
    if (c >= args.width) return;
    const float* x = args.x + row * args.x_stride + c;
    const float* weights = args.routing + row * args.routing_stride + args.used;
    float sum = args.addend ? args.addend[row * args.addend_stride + c] : 0.f;
    for (int slot = 0; slot < args.used; slot++) sum += weights[slot] * x[(i64)slot * args.width];
    args.y[row * args.y_stride + c] = sum;
}
