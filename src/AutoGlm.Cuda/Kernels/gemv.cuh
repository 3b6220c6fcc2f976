// y = x Wᵀ for one to eight rows of x: every weight is read once, through a ring of bulk copies that each warp keeps
// full, and meets all rows in one tensor-core step (the rows are its eight columns).
#pragma once
#include "linear_formats.cuh"

struct GemvArgs
{
    const u8* weights;     // packed; of the first matrix
    const float* x;        // [rows][slots or 1][columns], rows ldx apart
    float* y;              // [rows][slots][outputs], rows ldy apart
    const float* bias;     // [matrices][outputs] or null
    const float* addend;   // [rows][slots][outputs], rows lda apart, or null; may be y
    const float* gain;     // [columns]: x is normed first, x gain / sqrt(mean(x²) + epsilon); or null
    const float* routing;  // [rows][slots ..]: the matrix of each row and slot; or null, where a slot has its own
    long long ldx, ldy, lda, matrixBytes;
    int rows;              // of all
    int blockRows;         // of a block: 1 to 8, 1 with a routing; block (., slot, n) has rows from n blockRows on
    int outputs;
    int columns;
    int xSlot;             // columns from slot to slot of x
    int ldr;               // from row to row of routing
    int tiles;             // of 16 rows of weights
    int units;             // of a tile
    int splits;            // warps that share a tile, each a range of its units; divides the warps of a block
    int stages;            // units in a warp's ring; 4 where copies are not bulk
    float epsilon;
    int gated;             // a tile is eight gate rows over their eight up rows: y = silu(gate) up, outputs counts pairs
};

// What a block multiplies.
struct GemvTask
{
    const GemvArgs& args;
    const u8* weights;
    const float* x;
    float* y;
    const float* bias;
    const float* addend;
    int rows;

    INLINE GemvTask(const GemvArgs& args) : args(args)
    {
        int slot = blockIdx.y, first = blockIdx.z * args.blockRows, matrix = slot;
        if (args.routing)
        {
            WaitForInputs();
            matrix = (int)args.routing[(long long)first * args.ldr + slot];
        }
        rows = min(args.blockRows, args.rows - first);
        weights = args.weights + matrix * args.matrixBytes;
        x = args.x + first * args.ldx + slot * args.xSlot;
        y = args.y + first * args.ldy + slot * args.outputs;
        bias = args.bias ? args.bias + (long long)matrix * args.outputs : 0;
        addend = args.addend ? args.addend + first * args.lda + slot * args.outputs : 0;
    }
};

// What Raw formats need beside x: the means of its groups, for each unit and row 8 halves (of 32 columns) or 16 (of 16).
template <class F, bool IsRaw> struct GemvMeans { static const int GroupSteps = 2, Bytes = 0; };
template <class F> struct GemvMeans<F, true>
{
    static const int GroupSteps = decltype(F::scales)::GroupSteps, Bytes = GroupSteps == 2 ? 16 : 32;
};

// Shared memory: the warps' rings, x as halves, its means, the warps' sums of four tiles, barriers.
template <class F>
struct GemvMemory
{
    u8* ring;
    u8* x;
    u8* means;
    float* sums;
    u64* barriers;

    INLINE GemvMemory(u8* memory, const GemvArgs& args, int rows, int warps)
    {
        ring = memory;
        x = ring + warps * args.stages * F::UnitBytes;
        means = x + args.units * F::UnitK * rows * 2;
        sums = (float*)(means + args.units * rows * GemvMeans<F, F::IsRaw>::Bytes);
        barriers = (u64*)(sums + 4 * warps * 16 * rows);
    }
};

// A warp's ring: units of its tiles in the order in which it reads them.
template <class F>
struct GemvRing
{
    const u8* next;
    long long tileBytes;   // from the end of its range in one tile to the start in its next
    int count, left;       // units of its range; of them still to be asked for in the tile
    int tile, tiles, stride;
    int slot, parity;      // of what is read next
    int stages;
    u32 ring, barriers;    // in shared memory

    INLINE void Ask(int to, int lane)
    {
        if (tile < tiles)
        {
            u32 at = ring + to * F::UnitBytes;
#if LINEAR_BULK
            if (lane == 0)
            {
                BarrierExpect(barriers + to * 8, F::UnitBytes);
                CopyBulk(at, next, F::UnitBytes, barriers + to * 8);
            }
#else
            for (int i = lane * 16; i < F::UnitBytes; i += 512) CopyAsync16(at + i, next + i);
#endif
            next += F::UnitBytes;
            if (--left == 0)
            {
                left = count;
                next += tileBytes;
                tile += stride;
            }
        }
#if !LINEAR_BULK
        CopyCommit();
#endif
    }

    INLINE void Wait()
    {
#if LINEAR_BULK
        BarrierWait(barriers + slot * 8, parity);
#else
        CopyWait<3>();
        __syncwarp();
#endif
    }

    // All lanes have read the unit: its place is asked for anew.
    INLINE void Release(int lane)
    {
        __syncwarp();
        Ask(slot, lane);
        if (++slot == stages)
        {
            slot = 0;
            parity ^= 1;
        }
    }
};

INLINE float PairSum(u32 pair) { return HalfToFloat((u16)pair) + HalfToFloat((u16)(pair >> 16)); }

// Eight values of a row: columns k + {0, 1, 8, 9, 16, 17, 24, 25}.
struct GemvChunk
{
    float v[8];

    INLINE void Load(const float* row, int k, int columns, bool paired)
    {
#pragma unroll
        for (int p = 0; p < 4; p++)
        {
            int at = k + p * 8;
            float2 two = make_float2(0, 0);
            if (paired)
            {
                if (at < columns) two = *(const float2*)(row + at);
            }
            else
            {
                if (at < columns) two.x = row[at];
                if (at + 1 < columns) two.y = row[at + 1];
            }
            v[2 * p] = two.x;
            v[2 * p + 1] = two.y;
        }
    }

    // Times the gain; returns the sum of the squares before.
    INLINE float Times(const GemvChunk& gain)
    {
        float sum = 0;
#pragma unroll
        for (int i = 0; i < 8; i++)
        {
            sum += v[i] * v[i];
            v[i] *= gain.v[i];
        }
        return sum;
    }
};

// Stores a chunk of a block of 32 columns, and the four threads that share the block its mean.
template <class F>
INLINE void GemvPut(const GemvTask& task, const GemvChunk& chunk, float scale, int block, int n, u8* to, u8* means)
{
    const int perUnit = F::UnitK / 32, width = GemvMeans<F, F::IsRaw>::Bytes / 2;
    int t = threadIdx.x & 3;
    u32 pairs[4];
#pragma unroll
    for (int p = 0; p < 4; p++) pairs[p] = Pair<F::Bf16>(chunk.v[2 * p] * scale, chunk.v[2 * p + 1] * scale);
    ((uint4*)to)[(block * task.rows + n) * 4 + t] = make_uint4(pairs[0], pairs[1], pairs[2], pairs[3]);
    if (!F::IsRaw) return;
    float first = PairSum(pairs[0]) + PairSum(pairs[1]), second = PairSum(pairs[2]) + PairSum(pairs[3]);
    u32 quad = 0xFu << (threadIdx.x & 28);
#pragma unroll
    for (int d = 1; d < 4; d *= 2)
    {
        first += __shfl_xor_sync(quad, first, d);
        second += __shfl_xor_sync(quad, second, d);
    }
    u16* mean = (u16*)means + (block / perUnit * task.rows + n) * width;
    int at = block % perUnit;
    if (t == 0 && width == 8)
    {
        mean[at] = FloatToHalf((first + second) * (1 / 32.f));
        if (perUnit == 4) mean[at + 4] = 0;
    }
    if (t == 0 && width == 16)
    {
        mean[2 * at] = FloatToHalf(first * (1 / 16.f));
        mean[2 * at + 1] = FloatToHalf(second * (1 / 16.f));
    }
}

// The sum over a block's threads, in all of them, with 16 floats of scratch, used once.
INLINE float GemvBlockSum(float sum, float* scratch)
{
#pragma unroll
    for (int d = 16; d > 0; d >>= 1) sum += __shfl_xor_sync(0xFFFFFFFFu, sum, d);
    if (threadIdx.x % 32 == 0) scratch[threadIdx.x / 32] = sum;
    __syncthreads();
    int lane = threadIdx.x % 32;
    sum = lane < blockDim.x / 32 ? scratch[lane] : 0;
#pragma unroll
    for (int d = 16; d > 0; d >>= 1) sum += __shfl_xor_sync(0xFFFFFFFFu, sum, d);
    return sum;
}

// The factor of a row that is normed, by one warp.
INLINE float GemvNorm(const GemvTask& task, int n, int lane)
{
    const GemvArgs& args = task.args;
    const float* row = task.x + n * args.ldx;
    float sum = 0;
#pragma unroll 16
    for (int k = lane; k < args.columns; k += 32) sum += row[k] * row[k];
#pragma unroll
    for (int d = 16; d > 0; d >>= 1) sum += __shfl_xor_sync(0xFFFFFFFFu, sum, d);
    return rsqrtf(sum / args.columns + args.epsilon);
}

// Chunks that a thread has under way at once.
const int GemvHeld = 4;

// The columns that a chunk begins with.
INLINE int GemvColumn(int chunk) { return (chunk >> 2) * 32 + (chunk & 3) * 2; }

INLINE bool GemvPaired(const GemvTask& task) { return (((u64)task.x | (u64)task.args.gain | task.args.ldx * 4 | task.args.columns * 4) & 7) == 0; }

// One row, whose chunks the threads hold all at once: it is normed on the way.
template <class F>
INLINE void GemvStageOne(const GemvTask& task, u8* to, u8* means, float* scratch, int chunks)
{
    const GemvArgs& args = task.args;
    bool paired = GemvPaired(task);
    GemvChunk chunk[GemvHeld], gain[GemvHeld];
    float sum = 0, scale = 1;
    // The gain is no kernel's result, and is here when x is.
    if (args.gain)
    {
#pragma unroll
        for (int j = 0; j < GemvHeld; j++)
            if (j * blockDim.x < chunks) gain[j].Load(args.gain, GemvColumn(threadIdx.x + j * blockDim.x), args.columns, paired);
    }
    WaitForInputs();
#pragma unroll
    for (int j = 0; j < GemvHeld; j++)
        if (j * blockDim.x < chunks) chunk[j].Load(task.x, GemvColumn(threadIdx.x + j * blockDim.x), args.columns, paired);
    if (args.gain)
    {
#pragma unroll
        for (int j = 0; j < GemvHeld; j++)
            if (j * blockDim.x < chunks) sum += chunk[j].Times(gain[j]);
        scale = rsqrtf(GemvBlockSum(sum, scratch) / args.columns + args.epsilon);
    }
#pragma unroll
    for (int j = 0; j < GemvHeld; j++)
    {
        int i = threadIdx.x + j * blockDim.x;
        if (i < chunks) GemvPut<F>(task, chunk[j], scale, i >> 2, 0, to, means);
    }
}

// x to 16-bit pairs in the order of the right operands: 16 bytes are what lane (row n, t) needs for 32 columns. Waits for x.
template <class F>
INLINE void GemvStage(const GemvTask& task, u8* to, u8* means, float* scratch)
{
    const GemvArgs& args = task.args;
    int chunks = args.units * (F::UnitK / 8), places = (chunks + blockDim.x - 1) / blockDim.x;
    if (task.rows == 1 && places <= GemvHeld) return GemvStageOne<F>(task, to, means, scratch, chunks);
    WaitForInputs();
    if (args.gain)
    {
        for (int n = threadIdx.x / 32; n < task.rows; n += blockDim.x / 32)
        {
            float factor = GemvNorm(task, n, threadIdx.x % 32);
            if (threadIdx.x % 32 == 0) scratch[n] = factor;
        }
        __syncthreads();
    }
    // Several rows' chunks at a time are on their way.
    bool paired = GemvPaired(task);
    int n = 0, place = threadIdx.x, count = places * task.rows;
    for (int first = 0; first < count; first += GemvHeld)
    {
        GemvChunk chunk[GemvHeld];
        int row[GemvHeld], at[GemvHeld];
#pragma unroll
        for (int j = 0; j < GemvHeld; j++)
        {
            row[j] = n;
            at[j] = first + j < count ? place : chunks;
            chunk[j].Load(task.x + n * args.ldx, GemvColumn(at[j]), args.columns, paired);
            if (args.gain)
            {
                GemvChunk gain;
                gain.Load(args.gain, GemvColumn(at[j]), args.columns, paired);
                chunk[j].Times(gain);
            }
            if (++n == task.rows)
            {
                n = 0;
                place += blockDim.x;
            }
        }
#pragma unroll
        for (int j = 0; j < GemvHeld; j++)
            if (at[j] < chunks) GemvPut<F>(task, chunk[j], args.gain ? scratch[row[j]] : 1, at[j] >> 2, row[j], to, means);
    }
}

// Where a lane's right operands are. Lanes of rows that are not there take the last row: nobody reads their sums.
INLINE const u8* GemvRow(const u8* x, int rows, int lane) { return x + (min(lane >> 2, rows - 1) * 4 + (lane & 3)) * 16; }

// Lanes' sums += a unit times its columns of x: tensor cores' order.
template <class F, bool IsRaw> struct GemvUnit
{
    static INLINE void Add(const u8* unit, const u8* x, const u8*, int rows, int lane, float (&sums)[8])
    {
        F format;
        format.Open(unit, lane);
        const u8* own = GemvRow(x, rows, lane);
#pragma unroll
        for (int step = 0; step < F::UnitK / 16; step += 2, own += rows * 64)
        {
            uint4 b = *(const uint4*)own;
            u32 a[4];
            format.Step(unit, lane, step, a);
            Multiply<F::Bf16>(*(float(*)[4])sums, a, b.x, b.y);
            format.Step(unit, lane, step + 1, a);
            Multiply<F::Bf16>(*(float(*)[4])(sums + 4), a, b.z, b.w);
        }
    }
};

template <class F> struct GemvUnit<F, true>
{
    static INLINE void Add(const u8* unit, const u8* x, const u8* means, int rows, int lane, float (&sums)[8])
    {
        const int groupSteps = GemvMeans<F, true>::GroupSteps;
        F format;
        format.Open(unit, lane);
        const u8* own = GemvRow(x, rows, lane);
        float total[4] = {0, 0, 0, 0}, products[4], factor[2];
#pragma unroll
        for (int step = 0; step < F::UnitK / 16; step += 2, own += rows * 64)
        {
            uint4 b = *(const uint4*)own;
            u32 a[4];
            format.Raw(unit, lane, step, a);
            MultiplyFirst(products, a, b.x, b.y);
            if (groupSteps == 1) Scale(format, step, products, total);
            format.Raw(unit, lane, step + 1, a);
            if (groupSteps == 1) MultiplyFirst(products, a, b.z, b.w);
            else Multiply<false>(products, a, b.z, b.w);
            Scale(format, groupSteps == 1 ? step + 1 : step / 2, products, total);
        }
        format.scales.Factor(factor);
#pragma unroll
        for (int i = 0; i < 4; i++) sums[i] += total[i] * (factor[i >> 1] * F::RawFactor(i >> 1));

        u32 a[4], b0, b1 = 0;
        own = means + min(lane >> 2, rows - 1) * GemvMeans<F, true>::Bytes + (lane & 3) * 4;
        b0 = *(const u32*)own;
        if (groupSteps == 1) b1 = *(const u32*)(own + 16);
        format.scales.Minimum(unit + F::ScaleOffset, lane, F::Zeros, a, factor);
        MultiplyFirst(products, a, b0, b1);
#pragma unroll
        for (int i = 0; i < 4; i++) sums[4 + i] += products[i] * factor[i >> 1];
    }

    static INLINE void Scale(const F& format, int group, const float (&products)[4], float (&total)[4])
    {
        float value[2];
        format.scales.Value(group, value);
#pragma unroll
        for (int i = 0; i < 4; i++) total[i] += products[i] * value[i >> 1];
    }
};

// Where the warps of a slot leave their sums of a tile, several tiles deep: they go on at once, and one of them, each in
// its turn, adds the sums and writes y.
template <class F>
struct GemvSums
{
    static const int Depth = 4;

    const GemvTask& task;
    float* sums;      // of the slot: [depth][splits][16 rows]
    u32 barriers;     // of the slot: [depth] full, [depth] empty
    int splits, part, round;
    float early;      // the addend of what the lane writes first

    INLINE void Init() const
    {
#if LINEAR_BULK
#pragma unroll 1
        for (int i = 0; i < Depth; i++)
        {
            BarrierInit(barriers + i * 8, splits);
            BarrierInit(barriers + (Depth + i) * 8, 1);
        }
#endif
    }

    // The warp whose turn it is reads what it will add, beside its products.
    INLINE void Begin(int tile, int lane)
    {
        const GemvArgs& args = task.args;
        if (!task.addend || (round & (splits - 1)) != part) return;
        int width = args.gated ? 8 : 16, n = lane / width, output = tile * width + lane % width;
        early = n < task.rows && output < args.outputs ? task.addend[n * args.lda + output] : 0;
    }

    INLINE void Add(const float (&values)[8], int tile, bool valid, int lane)
    {
        int at = round % Depth, size = 16 * task.rows;
        float* tileSums = sums + at * splits * size;
        float* own = tileSums + part * size + (lane >> 2);
        int n = (lane & 3) * 2;
#if LINEAR_BULK
        if (!valid) return;
        if (round >= Depth) BarrierWait(barriers + (Depth + at) * 8, (round / Depth - 1) & 1);
#endif
        if (n < task.rows) { own[n * 16] = values[0] + values[4]; own[n * 16 + 8] = values[2] + values[6]; }
        if (n + 1 < task.rows) { own[n * 16 + 16] = values[1] + values[5]; own[n * 16 + 24] = values[3] + values[7]; }
#if LINEAR_BULK
        __syncwarp();
        if (lane == 0) BarrierArrive(barriers + at * 8);
        if ((round & (splits - 1)) == part)
        {
            BarrierWait(barriers + at * 8, (round / Depth) & 1);
            Finish(tileSums, tile, lane);
            __syncwarp();
            if (lane == 0) BarrierArrive(barriers + (Depth + at) * 8);
        }
#else
        __syncthreads();
        if (valid && (round & (splits - 1)) == part) Finish(tileSums, tile, lane);
#endif
        round++;
    }

    // One warp adds a tile's sums and writes them.
    INLINE void Finish(const float* tileSums, int tile, int lane) const
    {
        const GemvArgs& args = task.args;
        int width = args.gated ? 8 : 16, shift = args.gated ? 3 : 4, size = 16 * task.rows;
#pragma unroll 1
        for (int i = lane; i < width * task.rows; i += 32)
        {
            int n = i >> shift, m = i & (width - 1), output = tile * width + m;
            const float* from = tileSums + n * 16 + m;
            float value = 0, up = 0;
#pragma unroll 4
            for (int s = 0; s < splits; s++) value += from[s * size];
            if (args.gated)
            {
#pragma unroll 4
                for (int s = 0; s < splits; s++) up += from[s * size + 8];
                value = __fdividef(value, 1 + __expf(-value)) * up;
            }
            if (output >= args.outputs) continue;
            if (task.bias) value += task.bias[output];
            if (task.addend) value += i == lane ? early : task.addend[n * args.lda + output];
            task.y[n * args.ldy + output] = value;
        }
    }
};

template <class F>
INLINE void Gemv(const GemvArgs& args)
{
    extern __shared__ __align__(128) u8 memory[];
    int warps = blockDim.x / 32, warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    int shift = 31 - __clz(args.splits), slots = warps >> shift, slot = warp >> shift, part = warp & (args.splits - 1);
    GemvTask task(args);
    GemvMemory<F> shared(memory, args, task.rows, warps);

    int first = args.units * part >> shift, last = args.units * (part + 1) >> shift;
    int stride = gridDim.x * slots, tile = blockIdx.x + gridDim.x * slot;
    GemvRing<F> ring;
    ring.count = ring.left = last - first;
    ring.tile = ring.count > 0 ? tile : args.tiles;
    ring.tiles = args.tiles;
    ring.stride = stride;
    ring.next = task.weights + ((long long)tile * args.units + first) * F::UnitBytes;
    ring.tileBytes = ((long long)stride * args.units - ring.count) * F::UnitBytes;
    ring.slot = ring.parity = 0;
    ring.stages = args.stages;
    ring.ring = Shared(shared.ring) + warp * args.stages * F::UnitBytes;
    ring.barriers = Shared(shared.barriers) + warp * args.stages * 8;
    const u8* units = shared.ring + warp * args.stages * F::UnitBytes;
    GemvSums<F> sums = {task, shared.sums + slot * GemvSums<F>::Depth * args.splits * 16 * task.rows,
        Shared(shared.barriers) + (warps * args.stages + slot * 2 * GemvSums<F>::Depth) * 8, args.splits, part, 0, 0};
#if LINEAR_BULK
    if (lane == 0)
    {
#pragma unroll 1
        for (int i = 0; i < args.stages; i++) BarrierInit(ring.barriers + i * 8, 1);
        if (part == 0) sums.Init();
        BarrierInitFence();
    }
    __syncwarp();
#endif
#pragma unroll 1
    for (int i = 0; i < args.stages; i++) ring.Ask(i, lane);
    LetNextStart();
    GemvStage<F>(task, shared.x, shared.means, shared.sums);
    __syncthreads();

    const u8* x = shared.x + first * (F::UnitK / 32) * task.rows * 64;
    const u8* means = shared.means + first * task.rows * GemvMeans<F, F::IsRaw>::Bytes;
    int unitX = F::UnitK / 32 * task.rows * 64, unitMeans = task.rows * GemvMeans<F, F::IsRaw>::Bytes;
    for (int begin = blockIdx.x; begin < args.tiles; begin += stride, tile += stride)
    {
        float values[8] = {0, 0, 0, 0, 0, 0, 0, 0};
        bool valid = tile < args.tiles;
        if (valid)
        {
            sums.Begin(tile, lane);
#pragma unroll 1
            for (int u = 0; u < ring.count; u++)
            {
                ring.Wait();
                GemvUnit<F, F::IsRaw>::Add(units + ring.slot * F::UnitBytes, x + u * unitX, means + u * unitMeans, task.rows, lane, values);
                ring.Release(lane);
            }
        }
        sums.Add(values, tile, valid, lane);
    }
}
