// What the matrix products for many rows have in common: a block of threads makes a tile of y, 128 outputs of N rows,
// from a range of the columns, and eight warps end up with its sums in the tensor cores' order.
#pragma once
#include "linear_formats.cuh"
#include "linear_operand.cuh"

struct GemmArgs
{
    const u8* weights;    // packed
    const u8* x;          // operand
    float* y;             // [rows][outputs], rows ldy apart; or an operand where output is not 0
    const float* bias;    // [outputs] or null
    const float* addend;  // [rows][outputs], rows lda apart, or null; may be y
    float* partial;       // where splits > 1: 128 N floats for each block
    u32* arrivals;        // where splits > 1: zeros, one for each tile of y
    const int* order;     // rows sorted by expert (linear_experts.cu): row n is pair order[n]; or null
    const int* experts;   // then: the matrix of each N rows, or -1
    long long matrixBytes;
    long long ldy, lda;
    int rows;
    int xRows;            // of the operand x
    int outputs;
    int tiles;            // of 16 rows of weights
    int units;            // of a tile
    int splits;           // blocks that share a tile of y, each a range of units
    int gated;            // as in GemvArgs
    int used;             // pairs of a row of y, where sorted: y is [rows][used][outputs]
    int output;           // y is 0: floats, 1: an operand of halves, 2: of bfloat16; ldy is then its rows
};

struct GemmTile
{
    int feature, row, split, index;  // first of 8 tiles of weights, first row of x
    int matrix;                      // -1: nothing to do

    // Blocks that run at a time share weights first (all rows of x), then x.
    template <int N> static INLINE GemmTile At(const GemmArgs& args)
    {
        const int group = 8;
        int acrossRows = (args.rows + N - 1) / N, acrossFeatures = (args.tiles + 7) / 8, block = blockIdx.x;
        GemmTile tile;
        tile.split = block % args.splits;
        block /= args.splits;
        tile.index = block;
        int strip = block / (group * acrossFeatures), width = min(group, acrossRows - strip * group);
        int inStrip = block - strip * group * acrossFeatures;
        tile.row = (strip * group + inStrip % width) * N;
        tile.feature = inStrip / width * 8;
        tile.matrix = 0;
        if (args.order)
        {
            WaitForInputs();
            tile.matrix = args.experts[tile.row / N];
        }
        return tile;
    }
};

// What becomes of a block's sums: they pass through shared memory (free by now), so that rows of y are written whole.
template <int N>
struct GemmOutput
{
    static const int Stride = 132;  // floats from row to row there: free of bank conflicts
    static const int Bytes = N * Stride * 4;

    const GemmArgs& args;
    const GemmTile& tile;
    float* shared;

    // For 256 threads; lane 4g+t of a warp holds outputs g and g + 8 of its tile for rows 2t and 2t + 1 of each eight.
    INLINE void Write(const float (&sums)[N / 2], int warp, int lane) const
    {
        asm volatile("bar.sync 1, 256;" ::: "memory");
        float* own = shared + (lane & 3) * 2 * Stride + warp * 16 + (lane >> 2);
#pragma unroll
        for (int i = 0; i < N / 8; i++)
        {
            float* at = own + i * 8 * Stride;
            at[0] = sums[4 * i];
            at[Stride] = sums[4 * i + 1];
            at[8] = sums[4 * i + 2];
            at[Stride + 8] = sums[4 * i + 3];
        }
        asm volatile("bar.sync 1, 256;" ::: "memory");
        int rows = min(N, args.rows - tile.row);
#pragma unroll 1
        for (int row = warp; row < rows; row += 8)
        {
            if (args.gated) Gated(row, lane);
            else Plain(row, lane);
        }
    }

private:
    // Four outputs of a row.
    INLINE void Plain(int row, int lane) const
    {
        int output = tile.feature * 16 + lane * 4;
        float4 v = *(const float4*)(shared + row * Stride + lane * 4);
        float values[4] = {v.x, v.y, v.z, v.w};
        if (args.bias)
        {
            const float* bias = args.bias + (long long)tile.matrix * args.outputs;
#pragma unroll
            for (int i = 0; i < 4; i++) values[i] += output + i < args.outputs ? bias[output + i] : 0;
        }
        Put<4>(tile.row + row, output, values);
    }

    // Two outputs of a row; each tile holds eight gates, then their ups.
    INLINE void Gated(int row, int lane) const
    {
        const float* at = shared + row * Stride + (lane >> 2) * 16 + (lane & 3) * 2;
        float2 gate = *(const float2*)at, up = *(const float2*)(at + 8);
        float values[2] = {Gate(gate.x, up.x), Gate(gate.y, up.y)};
        Put<2>(tile.row + row, tile.feature * 8 + lane * 2, values);
    }

    static INLINE float Gate(float gate, float up) { return __fdividef(gate, 1 + __expf(-gate)) * up; }

    template <int Count> INLINE void Put(int row, int output, float (&values)[Count]) const
    {
        if (args.output != 0)
        {
#pragma unroll
            for (int i = 0; i < Count; i += 2)
            {
                if (output + i >= args.outputs) return;
                float second = output + i + 1 < args.outputs ? values[i + 1] : 0;
                if (args.output == 1) OperandStore<false>((u8*)args.y, row, output + i, (int)args.ldy, values[i], second);
                else OperandStore<true>((u8*)args.y, row, output + i, (int)args.ldy, values[i], second);
            }
            return;
        }
        float* to = args.y + row * args.ldy + output;
        if (args.order)
        {
            int pair = args.order[row];
            if (pair < 0) return;
            to = args.y + pair / args.used * args.ldy + pair % args.used * args.outputs + output;
        }
        const float* addend = args.addend ? args.addend + row * args.lda + output : 0;
        if (Count == 4 && output + 3 < args.outputs && (((u64)to | (u64)addend) & 15) == 0)
        {
            float4 v = make_float4(values[0], values[1], values[2 % Count], values[3 % Count]);
            if (addend)
            {
                float4 a = *(const float4*)addend;
                v = make_float4(v.x + a.x, v.y + a.y, v.z + a.z, v.w + a.w);
            }
            *(float4*)to = v;
            return;
        }
#pragma unroll
        for (int i = 0; i < Count; i++)
            if (output + i < args.outputs) to[i] = addend ? values[i] + addend[i] : values[i];
    }
};

// Leaves this block's sums to the block that comes last to the tile; that one adds all, in the order of the splits. For
// 256 threads; word is 4 bytes of shared memory.
template <int N> INLINE bool GemmGather(const GemmArgs& args, const GemmTile& tile, u32* word, float (&sums)[N / 2])
{
    float* mine = args.partial + ((long long)tile.index * args.splits + tile.split) * (128 * N) + threadIdx.x;
#pragma unroll
    for (int i = 0; i < N / 2; i++) mine[i * 256] = sums[i];
    __threadfence();
    asm volatile("bar.sync 1, 256;" ::: "memory");
    if (threadIdx.x == 0) *word = atomicAdd(args.arrivals + tile.index, 1) == args.splits - 1;
    asm volatile("bar.sync 1, 256;" ::: "memory");
    if (!*word) return false;
    __threadfence();
    if (threadIdx.x == 0) args.arrivals[tile.index] = 0;
    const float* all = args.partial + (long long)tile.index * args.splits * (128 * N) + threadIdx.x;
#pragma unroll
    for (int i = 0; i < N / 2; i++) sums[i] = __ldcg(all + i * 256);
    for (int s = 1; s < args.splits; s++)
#pragma unroll
        for (int i = 0; i < N / 2; i++) sums[i] += __ldcg(all + s * (128 * N) + i * 256);
    return true;
}
