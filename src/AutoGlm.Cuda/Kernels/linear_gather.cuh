// Rows of packed weights by their numbers, as floats: embeddings.
#pragma once
#include "linear_formats.cuh"

struct GatherArgs
{
    const u8* weights;  // packed
    const int* ids;     // [count]: rows, blocks' n-th
    float* y;           // [count][columns], rows ldy apart
    long long ldy;
    int columns;
    int units;          // of a tile
};

template <bool Bf16> INLINE void GatherPut(float* y, int column, int columns, u32 pair)
{
    float low = Bf16 ? __uint_as_float(pair << 16) : HalfToFloat((u16)pair);
    float high = Bf16 ? __uint_as_float(pair & 0xFFFF0000) : HalfToFloat((u16)(pair >> 16));
    if (column < columns) y[column] = low;
    if (column + 1 < columns) y[column + 1] = high;
}

// A block makes a row; of each warp the four lanes that hold the row in a tile.
template <class F> INLINE void Gather(const GatherArgs& args)
{
    WaitForInputs();
    LetNextStart();
    int row = args.ids[blockIdx.x], lane = threadIdx.x % 32;
    if ((lane >> 2) != (row & 7)) return;
    const u8* tile = args.weights + (long long)(row >> 4) * args.units * F::UnitBytes;
    float* y = args.y + blockIdx.x * args.ldy;
    bool upper = row & 8;
    for (int unit = threadIdx.x / 32; unit < args.units; unit += blockDim.x / 32)
    {
        F format;
        format.Open(tile + unit * F::UnitBytes, lane);
#pragma unroll
        for (int step = 0; step < F::UnitK / 16; step++)
        {
            u32 a[4];
            format.Step(tile + unit * F::UnitBytes, lane, step, a);
            int column = unit * F::UnitK + step * 16 + (lane & 3) * 2;
            GatherPut<F::Bf16>(y, column, args.columns, upper ? a[1] : a[0]);
            GatherPut<F::Bf16>(y, column + 8, args.columns, upper ? a[3] : a[2]);
        }
    }
}
