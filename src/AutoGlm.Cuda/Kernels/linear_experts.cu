// Rows of a batch sorted by the experts they go to, so that each expert's weights meet its rows as one matrix product.
#include "linear_operand.cuh"

struct SortArgs
{
    const float* routing;  // [rows][used ..]: experts
    int* order;            // [tiles][tileRows]: pair = row used + slot, or -1
    int* tileExperts;      // [tiles]: expert, or -1
    int ldr;               // from row to row of routing
    int rows, used, experts;
    int tiles, tileRows;   // room for each expert to leave a tile unfilled
};

// One block. Shared memory: experts + 1 counters, twice.
extern "C" __global__ void __launch_bounds__(1024) experts_sort(const __grid_constant__ SortArgs args)
{
    extern __shared__ int counts[];
    int* firsts = counts + args.experts + 1;
    WaitForInputs();
    LetNextStart();
    int pairs = args.rows * args.used, room = args.tiles * args.tileRows;
    for (int e = threadIdx.x; e < args.experts; e += blockDim.x) counts[e] = 0;
    for (int i = threadIdx.x; i < room; i += blockDim.x) args.order[i] = -1;
    __syncthreads();
    for (int i = threadIdx.x; i < pairs; i += blockDim.x)
        atomicAdd(counts + (int)args.routing[(long long)(i / args.used) * args.ldr + i % args.used], 1);
    __syncthreads();
    if (threadIdx.x == 0)
    {
        int tile = 0;
        for (int e = 0; e < args.experts; e++)
        {
            firsts[e] = tile;
            tile += (counts[e] + args.tileRows - 1) / args.tileRows;
            counts[e] = firsts[e] * args.tileRows;
        }
        firsts[args.experts] = tile;
    }
    __syncthreads();
    for (int e = threadIdx.x; e < args.experts; e += blockDim.x)
        for (int t = firsts[e]; t < firsts[e + 1]; t++) args.tileExperts[t] = e;
    for (int t = firsts[args.experts] + threadIdx.x; t < args.tiles; t += blockDim.x) args.tileExperts[t] = -1;
    // Which place of its expert a pair takes may differ from run to run; what becomes of it does not depend on it.
    for (int i = threadIdx.x; i < pairs; i += blockDim.x)
        args.order[atomicAdd(counts + (int)args.routing[(long long)(i / args.used) * args.ldr + i % args.used], 1)] = i;
}

struct SortedOperandArgs
{
    OperandArgs x;     // rows are those of order
    const int* order;
    int used, xSlot;   // pairs of a row; floats from slot to slot of x
};

template <bool Bf16> INLINE void SortedOperandFrom(const SortedOperandArgs& args)
{
    WaitForInputs();
    LetNextStart();
    int pair = args.order[blockIdx.y];
    if (pair < 0) return;
    OperandPut<Bf16>(args.x, args.x.x + pair / args.used * args.x.ldx + pair % args.used * args.xSlot);
}

extern "C" __global__ void experts_operand_f16(const __grid_constant__ SortedOperandArgs args) { SortedOperandFrom<false>(args); }
extern "C" __global__ void experts_operand_bf16(const __grid_constant__ SortedOperandArgs args) { SortedOperandFrom<true>(args); }
