// Paged flash attention on tensor cores: scores, softmax and weighted sum of one tile of queries without leaving the
// multiprocessor (arXiv:2307.08691), keys split over blocks where a tile has many of them (flash decoding).
//
// A tile holds consecutive tokens of one sequence, and with each token the query heads that share a key head. Each warp owns 16 rows. Warps form teams: the row warps of a team share
// the keys in shared memory and have different rows (prefill); different teams have the same rows and different keys, and
// are merged at the end (decoding).
#pragma once
#include "attention_tiles.cuh"

// Copies groups of 16 rows of a paged matrix into shared memory, 16 bytes at a time, and swizzles them so that eight rows of
// one column lie in different banks. One team's threads do it together.
template <int Columns, int Groups, int Threads>
struct PagedLoader
{
    static constexpr int Chunks = Columns / 8, RowsAtOnce = Threads / Chunks;
    static constexpr int Iterations = 16 * Groups / RowsAtOnce;
    static constexpr bool Wide = RowsAtOnce > 16; // a step of all threads covers more than a group
    static constexpr int Bytes = 16 * Groups * Columns * 2;
    static_assert(Threads % Chunks == 0 && 16 * Groups % RowsAtOnce == 0, "the threads cover whole rows");

    KeyGroups<Wide ? Iterations : Groups> groups;

    // Looks up the blocks of a step ahead of its copy.
    DEVICE void look_up(const int* table, int key, int end, int groups_per_block, int thread)
    {
        if (Wide) groups.look_up(table, key / 16 + thread / Chunks / 16, RowsAtOnce / 16, end, groups_per_block);
        else groups.look_up(table, key / 16, 1, end, groups_per_block);
    }

    DEVICE void copy(u32 to, const u8* base, i64 block_bytes, int size, int key, int end, int thread) const
    {
        const int first = thread / Chunks, chunk = thread % Chunks, row_bytes = size * 2;
        const int most = chunk * 8 < size ? 16 : 0, offset = first % 16 * row_bytes + chunk * 16;
#pragma unroll
        for (int i = 0; i < Iterations; i++)
        {
            const int row = first + i * RowsAtOnce;
            const u8* from = groups.at(Wide ? i : i * RowsAtOnce / 16, base, block_bytes, row_bytes) + offset + i * RowsAtOnce % 16 * row_bytes;
            copy_async16(to + (row * Chunks + (chunk ^ (row & 7))) * 16, from, key + row < end ? most : 0);
        }
    }

    DEVICE void bring_near_rows(const u8* base, i64 block_bytes, int size, int key, int end, int thread) const
    {
        const int first = thread / Chunks, chunk = thread % Chunks, row_bytes = size * 2;
        if (chunk % 8 != 0 || chunk * 8 >= size) return;
#pragma unroll
        for (int i = 0; i < Iterations; i++)
        {
            const int row = first + i * RowsAtOnce;
            if (key + row < end) bring_near(groups.at(Wide ? i : i * RowsAtOnce / 16, base, block_bytes, row_bytes) + (first % 16 + i * RowsAtOnce % 16) * row_bytes + chunk * 16);
        }
    }
};

// The same of 8-bit numbers: chunks of 16 bytes lie as they come, the scales of groups of 32 behind them. What has landed is made
// into the 16-bit tile that the other loader would have brought.
template <class Type, int Columns, int Groups, int Threads>
struct ByteLoader
{
    static constexpr int Chunks = Columns / 16, RowsAtOnce = Threads / Chunks, Iterations = (16 * Groups + RowsAtOnce - 1) / RowsAtOnce;
    static constexpr int NumberBytes = 16 * Groups * Columns, ScaleBytes = 16 * Groups * Columns / 16, Bytes = NumberBytes + ScaleBytes;
    static_assert(Threads % Chunks == 0, "the threads cover whole rows");

    // Numbers and scales of the groups that were looked up.
    template <int Count> DEVICE static void copy(u32 to, const KeyGroups<Count>& groups, const u8* numbers, const u8* scales, i64 block_bytes, int size, int thread)
    {
        const int chunk = thread % Chunks;
#pragma unroll
        for (int i = 0; i < Iterations; i++)
        {
            const int row = thread / Chunks + i * RowsAtOnce;
            if (row >= 16 * Groups) break;
            const u8* from = groups.pick(row / 16, numbers, block_bytes, size) + row % 16 * size + chunk * 16;
            copy_async16(to + (row * Chunks + chunk) * 16, from, chunk * 16 < size ? 16 : 0);
        }

        // A group's scales are size bytes, one row's after the other.
#pragma unroll
        for (int group = 0; group < Groups; group++)
        {
            if (thread < size / 16) copy_async16(to + NumberBytes + group * Columns + thread * 16, groups.at(group, scales, block_bytes, size / 16) + thread * 16, 16);
        }
    }

    // Rows at and past the end become zeros.
    DEVICE static void expand(const u8* from, u8* to, int size, int key, int end, int thread)
    {
        constexpr int Halves = Columns / 8;
        for (int i = thread; i < 16 * Groups * Chunks; i += Threads)
        {
            const int row = i / Chunks, chunk = i % Chunks;
            const uint4 bytes = *(const uint4*)(from + i * 16);
            const bool real = chunk * 16 < size && key + row < end;
            const u16* scales = (const u16*)(from + NumberBytes + row / 16 * Columns) + row % 16 * (size / 32);
            const float scale = real ? Half16::one(scales[chunk / 2]) : 0.f;
            const u32 words[4] = {bytes.x, bytes.y, bytes.z, bytes.w};
            u32 pairs[8];
#pragma unroll
            for (int j = 0; j < 8; j++)
            {
                const int two = (int)(words[j / 2] >> j % 2 * 16);
                pairs[j] = Type::pack((i8)two * scale, (i8)(two >> 8) * scale);
            }

#pragma unroll
            for (int half = 0; half < 2; half++)
            {
                const int at = row * Halves + ((2 * chunk + half) ^ (row & 7));
                ((uint4*)to)[at] = make_uint4(pairs[4 * half], pairs[4 * half + 1], pairs[4 * half + 2], pairs[4 * half + 3]);
            }
        }
    }
};

template <int Chunks> DEVICE u32 swizzled(u32 base, int row, int chunk) { return base + (row * Chunks + (chunk ^ (row & 7))) * 16; }

template <class Type_, int Size_, int RowWarps_, int Teams_, int Groups_, int Stages_, bool Exact_, bool QueriesShared_, bool EightBit_ = false>
struct AttentionConfig
{
    using Type = Type_;
    static constexpr int Size = Size_;           // columns in shared memory; a head may have fewer
    static constexpr int ValueSize = Size;
    static constexpr int RowWarps = RowWarps_;
    static constexpr int Teams = Teams_;
    static constexpr int Groups = Groups_;       // of 16 keys that a team takes at a time
    static constexpr int Stages = Stages_;
    static constexpr bool Exact = Exact_;        // queries and weights as sums of two halves: nearly single precision
    static constexpr bool QueriesShared = QueriesShared_; // queries wait in shared memory, where registers are short

    static constexpr int Warps = RowWarps * Teams;
    static constexpr int Threads = Warps * WarpSize;
    static constexpr int Rows = RowWarps * 16;
    static constexpr int Keys = Groups * 16;
    static constexpr int KeySteps = Size / 16;
    static constexpr int ValueTiles = Size / 8;
    using Loader = PagedLoader<Size, Groups, RowWarps * WarpSize>;
    using Expander = ByteLoader<Type, Size, Groups, RowWarps * WarpSize>;
    static constexpr bool EightBit = EightBit_;
    static constexpr int TileBytes = 2 * Loader::Bytes; // keys, then values, of 16 bits
    static constexpr int StageBytes = EightBit ? 2 * Expander::Bytes : TileBytes;
    static constexpr int MergeBytes = Teams > 1 ? Warps * (ValueTiles * 4 + 4) * WarpSize * 4 : 0;
    static constexpr int TeamBytes = Stages * StageBytes + (EightBit ? TileBytes : 0);
    static constexpr int LoadBytes = Teams * TeamBytes;
    static constexpr int QueryOffset = LoadBytes > MergeBytes ? LoadBytes : MergeBytes;
    static constexpr int QueryBytes = QueriesShared ? Rows * Size * 2 * (Exact ? 2 : 1) : 0;
    static constexpr int SharedBytes = QueryOffset + QueryBytes;
};

// Two rows' running softmax in the registers of four lanes: row lane / 4 and row lane / 4 + 8 of a warp's 16.
template <int Tiles>
struct SoftmaxRows
{
    float most[2];       // greatest score so far, as a power of 2
    float total[2];      // sum of powers; each lane has its own columns' until the end
    float sum[Tiles][4]; // the weighted sum of values

    DEVICE void clear()
    {
        most[0] = most[1] = -infinity();
        total[0] = total[1] = 0;
#pragma unroll
        for (int i = 0; i < Tiles; i++) sum[i][0] = sum[i][1] = sum[i][2] = sum[i][3] = 0;
    }

    // Takes scores [16, 8·Columns], times `unit` powers of 2, and leaves the powers; the sums are still to shrink.
    template <int Columns> DEVICE void soften(float (&scores)[Columns][4], float unit, float (&shrink)[2])
    {
#pragma unroll
        for (int half = 0; half < 2; half++)
        {
            float top = fmaxf(scores[0][2 * half], scores[0][2 * half + 1]);
#pragma unroll
            for (int i = 1; i < Columns; i++) top = fmaxf(top, fmaxf(scores[i][2 * half], scores[i][2 * half + 1]));
            top = fmaxf(top, __shfl_xor_sync(AllLanes, top, 1));
            top = fmaxf(top, __shfl_xor_sync(AllLanes, top, 2));
            top = fmaxf(most[half], top * unit);
            const float base = top == -infinity() ? 0.f : top;
            shrink[half] = exp2_fast(most[half] - base);
            float added = 0;
#pragma unroll
            for (int i = 0; i < Columns; i++)
            {
                added += scores[i][2 * half] = exp2_fast(scores[i][2 * half] * unit - base);
                added += scores[i][2 * half + 1] = exp2_fast(scores[i][2 * half + 1] * unit - base);
            }

            total[half] = total[half] * shrink[half] + added;
            most[half] = top;
        }
    }

    DEVICE void shrink_sums(const float (&shrink)[2])
    {
#pragma unroll
        for (int i = 0; i < Tiles; i++) sum[i][0] *= shrink[0], sum[i][1] *= shrink[0], sum[i][2] *= shrink[1], sum[i][3] *= shrink[1];
    }

    DEVICE void add_up_totals()
    {
#pragma unroll
        for (int half = 0; half < 2; half++)
        {
            total[half] += __shfl_xor_sync(AllLanes, total[half], 1);
            total[half] += __shfl_xor_sync(AllLanes, total[half], 2);
        }
    }
};

// The query rows of one lane: their tokens' positions and where they are read and written.
template <class Config>
struct QueryRows
{
    int position[2], head[2], token[2];
    bool real[2];

    DEVICE QueryRows(const AttentionArgs& args, const AttentionTile& tile, int first, int lane)
    {
#pragma unroll
        for (int half = 0; half < 2; half++)
        {
            int row = first + lane / 4 + 8 * half;
            int token_of = row / tile.heads;
            real[half] = token_of < tile.rows;
            position[half] = tile.position + token_of;
            head[half] = tile_head(args, tile, row);
            token[half] = tile.row + token_of;
        }
    }
};

// A warp's 16 queries as operands of the matrix instruction, in registers or in shared memory.
template <class Config>
struct Queries
{
    using Type = typename Config::Type;
    static constexpr int Held = Config::QueriesShared ? 1 : Config::KeySteps, Parts = Config::Exact ? 2 : 1;

    u32 held[Held][4], rest[Held][4];
    uint4* shared;

    DEVICE void load(const AttentionArgs& args, const QueryRows<Config>& rows, u8* memory, int row_warp, int team, int lane)
    {
        shared = (uint4*)memory + row_warp * Config::KeySteps * Parts * WarpSize + lane;
#pragma unroll
        for (int step = 0; step < Config::KeySteps; step++)
        {
            if (Config::QueriesShared && team > 0) break; // teams have the same rows
            u32 a[4], b[4];
            read(args, rows, step, lane, a, b);
            if (Config::QueriesShared)
            {
                shared[step * Parts * WarpSize] = make_uint4(a[0], a[1], a[2], a[3]);
                if (Config::Exact) shared[(step * Parts + 1) * WarpSize] = make_uint4(b[0], b[1], b[2], b[3]);
            }
            else
            {
#pragma unroll
                for (int i = 0; i < 4; i++) held[step % Held][i] = a[i], rest[step % Held][i] = b[i];
            }
        }
    }

    DEVICE void get(int step, u32 (&a)[4], u32 (&b)[4]) const
    {
        if (Config::QueriesShared)
        {
            uint4 x = shared[step * Parts * WarpSize];
            a[0] = x.x, a[1] = x.y, a[2] = x.z, a[3] = x.w;
            if (!Config::Exact) return;
            x = shared[(step * Parts + 1) * WarpSize];
            b[0] = x.x, b[1] = x.y, b[2] = x.z, b[3] = x.w;
        }
        else
        {
#pragma unroll
            for (int i = 0; i < 4; i++) a[i] = held[step % Held][i], b[i] = rest[step % Held][i];
        }
    }

private:
    DEVICE static void read(const AttentionArgs& args, const QueryRows<Config>& rows, int step, int lane, u32 (&a)[4], u32 (&b)[4])
    {
#pragma unroll
        for (int i = 0; i < 4; i++)
        {
            int half = i & 1, column = step * 16 + (i >> 1) * 8 + lane % 4 * 2;
            float2 x = make_float2(0.f, 0.f);
            if (rows.real[half] && column < args.key_size)
                x = *(const float2*)(args.q + (i64)rows.token[half] * args.q_stride + rows.head[half] * args.key_size + column);
            a[i] = Type::pack(x.x, x.y);
            b[i] = Config::Exact ? Type::pack(x.x - Type::low(a[i]), x.y - Type::high(a[i])) : 0;
        }
    }
};

template <class Config>
DEVICE void score(const Queries<Config>& queries, u32 keys, int lane, float (&scores)[Config::Groups * 2][4])
{
    using Type = typename Config::Type;
    constexpr int Chunks = Config::Loader::Chunks;
#pragma unroll
    for (int i = 0; i < Config::Groups * 2; i++) scores[i][0] = scores[i][1] = scores[i][2] = scores[i][3] = 0;
#pragma unroll
    for (int step = 0; step < Config::KeySteps; step++)
    {
        u32 q[4], rest[4];
        queries.get(step, q, rest);
#pragma unroll
        for (int group = 0; group < Config::Groups; group++)
        {
            u32 k[4];
            load_matrices(k, swizzled<Chunks>(keys, group * 16 + (lane >> 4) * 8 + (lane & 7), step * 2 + ((lane >> 3) & 1)));
            Type::multiply(scores[2 * group], q, k[0], k[1]);
            Type::multiply(scores[2 * group + 1], q, k[2], k[3]);
            if (Config::Exact)
            {
                Type::multiply(scores[2 * group], rest, k[0], k[1]);
                Type::multiply(scores[2 * group + 1], rest, k[2], k[3]);
            }
        }
    }
}

template <class Config>
DEVICE void weigh(const float (&weights)[Config::Groups * 2][4], u32 values, int lane, float (&sum)[Config::ValueTiles][4])
{
    using Type = typename Config::Type;
    constexpr int Chunks = Config::Loader::Chunks;
#pragma unroll
    for (int group = 0; group < Config::Groups; group++)
    {
        u32 p[4], rest[4];
#pragma unroll
        for (int i = 0; i < 4; i++)
        {
            float a = weights[2 * group + (i >> 1)][(i & 1) * 2], b = weights[2 * group + (i >> 1)][(i & 1) * 2 + 1];
            p[i] = Type::pack(a, b);
            if (Config::Exact) rest[i] = Type::pack(a - Type::low(p[i]), b - Type::high(p[i]));
        }

#pragma unroll
        for (int tile = 0; tile < Config::ValueTiles; tile += 2)
        {
            u32 v[4];
            load_matrices_transposed(v, swizzled<Chunks>(values, group * 16 + ((lane >> 3) & 1) * 8 + (lane & 7), tile + (lane >> 4)));
            Type::multiply(sum[tile], p, v[0], v[1]);
            Type::multiply(sum[tile + 1], p, v[2], v[3]);
            if (Config::Exact)
            {
                Type::multiply(sum[tile], rest, v[0], v[1]);
                Type::multiply(sum[tile + 1], rest, v[2], v[3]);
            }
        }
    }
}

// Caps scores, and hides the keys that a row does not see. Returns what a score is in powers of 2.
template <int Columns>
DEVICE float shape_scores(const AttentionArgs& args, const int (&position)[2], int key, int key_end, int lane, bool mask, float (&scores)[Columns][4])
{
    if (args.soft_cap > 0)
    {
#pragma unroll
        for (int i = 0; i < Columns * 4; i++) scores[i / 4][i % 4] = args.soft_cap * tanhf(scores[i / 4][i % 4] * args.scale / args.soft_cap);
    }

    if (mask)
    {
        const int last[2] = {min(position[0], key_end - 1), min(position[1], key_end - 1)};
        const int before[2] = {args.window ? position[0] - args.window : -1, args.window ? position[1] - args.window : -1};
#pragma unroll
        for (int i = 0; i < Columns * 4; i++)
        {
            const int k = key + i / 4 * 8 + lane % 4 * 2 + (i & 1), half = i % 4 >> 1;
            if (k > last[half] || k <= before[half]) scores[i / 4][i % 4] = -infinity();
        }
    }

    return args.soft_cap > 0 ? Log2E : args.scale * Log2E;
}

// Writes value tiles [begin, begin + Tiles) of a lane's two rows.
template <class Config, int Tiles, int All>
DEVICE void store(const AttentionArgs& args, const AttentionTile& tile, const QueryRows<Config>& rows, SoftmaxRows<All>& state, int first, int begin, int lane)
{
#pragma unroll
    for (int half = 0; half < 2; half++)
    {
        if (!rows.real[half]) continue;
        if (tile.parts == 1)
        {
            float sink = args.sinks ? args.sinks[rows.head[half]] * Log2E : -infinity(), most = fmaxf(state.most[half], sink);
            float shrink = exp2_fast(state.most[half] - most), factor = shrink / (state.total[half] * shrink + exp2_fast(sink - most));
#pragma unroll
            for (int i = 0; i < Tiles; i++)
            {
                int column = (begin + i) * 8 + lane % 4 * 2;
                if (column < args.value_size)
                    write_pair(args, rows.token[half], rows.head[half] * args.value_size + column, state.sum[i][2 * half] * factor, state.sum[i][2 * half + 1] * factor);
            }
        }
        else
        {
            i64 row = ((i64)(tile.slot + tile.part) * args.kv_heads + blockIdx.x) * Config::Rows + first + lane / 4 + 8 * half;
            if (lane % 4 == 0) __stcg((float2*)(args.partial_state + row * 2), make_float2(state.most[half], state.total[half]));
#pragma unroll
            for (int i = 0; i < Tiles; i++)
                __stcg((float2*)(args.partial + row * Config::ValueSize + (begin + i) * 8 + lane % 4 * 2), make_float2(state.sum[i][2 * half], state.sum[i][2 * half + 1]));
        }
    }
}

// Adds up the teams' results for the same rows; each warp ends with a share of the value columns, at the front of its sums.
template <class Config>
DEVICE void merge_teams(SoftmaxRows<Config::ValueTiles>& state, float* shared, int warp, int lane)
{
    constexpr int Lane = Config::ValueTiles * 4 + 4, Share = Config::ValueTiles / Config::Teams;
    __syncthreads();
    float* mine = shared + warp * Lane * WarpSize + lane;
#pragma unroll
    for (int i = 0; i < Config::ValueTiles * 4; i++) mine[i * WarpSize] = state.sum[i / 4][i % 4];
    mine[(Lane - 4) * WarpSize] = state.most[0], mine[(Lane - 3) * WarpSize] = state.most[1];
    mine[(Lane - 2) * WarpSize] = state.total[0], mine[(Lane - 1) * WarpSize] = state.total[1];
    __syncthreads();
    int team = warp / Config::RowWarps, row_warp = warp % Config::RowWarps;
    state.clear();
#pragma unroll
    for (int other = 0; other < Config::Teams; other++)
    {
        const float* its = shared + (other * Config::RowWarps + row_warp) * Lane * WarpSize + lane;
        state.most[0] = fmaxf(state.most[0], its[(Lane - 4) * WarpSize]);
        state.most[1] = fmaxf(state.most[1], its[(Lane - 3) * WarpSize]);
    }

#pragma unroll
    for (int other = 0; other < Config::Teams; other++)
    {
        const float* its = shared + (other * Config::RowWarps + row_warp) * Lane * WarpSize + lane;
#pragma unroll
        for (int half = 0; half < 2; half++)
        {
            float base = state.most[half] == -infinity() ? 0.f : state.most[half];
            float factor = exp2_fast(its[(Lane - 4 + half) * WarpSize] - base);
            state.total[half] += factor * its[(Lane - 2 + half) * WarpSize];
#pragma unroll
            for (int i = 0; i < Share; i++)
            {
                state.sum[i][2 * half] += factor * its[((team * Share + i) * 4 + 2 * half) * WarpSize];
                state.sum[i][2 * half + 1] += factor * its[((team * Share + i) * 4 + 2 * half + 1) * WarpSize];
            }
        }
    }
}

template <class Config>
DEVICE void team_barrier()
{
    static_assert(Config::RowWarps == 1 || Config::Teams == 1, "a team is a warp, or there is one team");
    if (Config::RowWarps == 1) __syncwarp();
    else __syncthreads();
}

// A team's keys and values on their way from their blocks to the team's stages.
template <class Config>
struct KeyStream
{
    const AttentionArgs& args;
    const int* table;
    const u8 *keys, *values, *key_scales, *value_scales;
    u32 stages;
    int first, end, steps, groups_per_block, thread;
    typename Config::Loader loader;
    KeyGroups<Config::Groups> all; // each thread's look at all groups of the step, for 8-bit numbers

    DEVICE KeyStream(const AttentionArgs& args_, const AttentionTile& tile, u32 stages_, int thread_) : args(args_), stages(stages_), thread(thread_)
    {
        table = args.tables + tile.table;
        const i64 rows = (i64)blockIdx.x * args.block_tokens;
        constexpr int Bytes = Config::EightBit ? 1 : 2;
        keys = args.kv + args.key_offset + rows * args.key_size * Bytes;
        values = args.kv + args.value_offset + rows * args.value_size * Bytes;
        key_scales = args.kv + args.key_scale_offset + rows * (args.key_size / 16);
        value_scales = args.kv + args.value_scale_offset + rows * (args.value_size / 16);
        first = tile.key_begin, end = tile.key_end, steps = (end - first + Config::Keys - 1) / Config::Keys;
        groups_per_block = args.block_tokens / 16;
    }

    DEVICE int key_of(int step) const { return first + step * Config::Keys; }

    // Looks up a step's blocks, ahead of its load.
    DEVICE void look_up(int step)
    {
        if (Config::EightBit) all.look_up(table, key_of(step) / 16, 1, end, groups_per_block);
        else loader.look_up(table, key_of(step), end, groups_per_block, thread);
    }

    // Brings the step that was looked up near: its keys and values but those of new tokens are long there.
    DEVICE void bring_step_near(int step) const
    {
        if (step >= steps || Config::EightBit) return;
        loader.bring_near_rows(keys, args.block_bytes, args.key_size, key_of(step), end, thread);
        loader.bring_near_rows(values, args.block_bytes, args.value_size, key_of(step), end, thread);
    }

    // Makes a stage of 8-bit numbers into the team's tile.
    DEVICE void expand(const u8* stage, u8* tile, int step) const
    {
        Config::Expander::expand(stage, tile, args.key_size, key_of(step), end, thread);
        Config::Expander::expand(stage + Config::Expander::Bytes, tile + Config::Loader::Bytes, args.value_size, key_of(step), end, thread);
    }

    // Starts a step's copies, if there is such a step, and looks up the team's next.
    DEVICE void load(int step, int stage)
    {
        if (step < steps)
        {
            u32 to = stages + stage * Config::StageBytes;
            if (Config::EightBit)
            {
                Config::Expander::copy(to, all, keys, key_scales, args.block_bytes, args.key_size, thread);
                Config::Expander::copy(to + Config::Expander::Bytes, all, values, value_scales, args.block_bytes, args.value_size, thread);
            }
            else
            {
                loader.copy(to, keys, args.block_bytes, args.key_size, key_of(step), end, thread);
                loader.copy(to + Config::Loader::Bytes, values, args.block_bytes, args.value_size, key_of(step), end, thread);
            }

            look_up(step + Config::Teams);
        }

        copy_async_commit();
    }
};

template <class Config> DEVICE void attention(const AttentionArgs& args)
{
    extern __shared__ __align__(128) u8 shared[];
    const AttentionTile tile = args.tiles[blockIdx.y];
    if ((int)blockIdx.y >= *args.tile_count) return wait_for_inputs();
    const int lane = threadIdx.x % WarpSize, warp = threadIdx.x / WarpSize;
    const int team = warp / Config::RowWarps, first = warp % Config::RowWarps * 16;

    KeyStream<Config> stream(args, tile, shared_address(shared) + team * Config::TeamBytes, threadIdx.x % (Config::RowWarps * WarpSize));
    stream.look_up(team);
    stream.bring_step_near(team);
    wait_for_inputs();
#pragma unroll
    for (int i = 0; i < Config::Stages - 1; i++) stream.load(team + i * Config::Teams, i);

    QueryRows<Config> rows(args, tile, first, lane);
    Queries<Config> queries;
    queries.load(args, rows, shared + Config::QueryOffset, warp % Config::RowWarps, team, lane);
    if (Config::QueriesShared && Config::Teams > 1) __syncthreads();
    SoftmaxRows<Config::ValueTiles> state;
    state.clear();
    const int first_position = tile.position + first / tile.heads;
    const int last_position = min(tile.position + (first + 15) / tile.heads, tile.position + tile.rows - 1);
    int stage = 0;
    for (int step = team; step < stream.steps; step += Config::Teams)
    {
        copy_async_wait<Config::Stages - 2>();
        team_barrier<Config>();
        int ahead = stage == 0 ? Config::Stages - 1 : stage - 1;
        stream.load(step + (Config::Stages - 1) * Config::Teams, ahead);
        if (Config::EightBit)
        {
            u8* mine = shared + team * Config::TeamBytes;
            stream.expand(mine + stage * Config::StageBytes, mine + Config::Stages * Config::StageBytes, step);
            team_barrier<Config>();
        }

        int key = stream.key_of(step);
        bool some = key <= last_position && (args.window == 0 || key + Config::Keys - 1 > first_position - args.window);
        if (some)
        {
            float scores[Config::Groups * 2][4];
            u32 at = stream.stages + (Config::EightBit ? Config::Stages : stage) * Config::StageBytes;
            score<Config>(queries, at, lane, scores);
            bool mask = key + Config::Keys - 1 > first_position || key + Config::Keys > tile.key_end || (args.window != 0 && key <= last_position - args.window);
            float unit = shape_scores(args, rows.position, key, tile.key_end, lane, mask, scores), shrink[2];
            state.soften(scores, unit, shrink);
            if (__any_sync(AllLanes, shrink[0] != 1.f || shrink[1] != 1.f)) state.shrink_sums(shrink);
            weigh<Config>(scores, at + Config::Loader::Bytes, lane, state.sum);
        }

        stage = stage == Config::Stages - 1 ? 0 : stage + 1;
    }

    copy_async_wait<0>();
    state.add_up_totals();
    if (Config::Teams > 1)
    {
        merge_teams<Config>(state, (float*)shared, warp, lane);
        constexpr int Share = Config::ValueTiles / Config::Teams;
        store<Config, Share>(args, tile, rows, state, first, team * Share, lane);
    }
    else store<Config, Config::ValueTiles>(args, tile, rows, state, first, 0, lane);

    if (tile.parts > 1) combine<2, Config::Threads>(args, tile, Config::Rows, Config::ValueSize);
}
