// Prefill attention for Hopper (after arXiv:2407.08608): two groups of four warps each multiply 64 query rows by wgmma, a third
// brings keys and values from their blocks. A group's scores of the next keys are made while the values of the last are weighed,
// and while one group is at its softmax the other has the tensor cores.
#pragma once
#include "attention.cuh"
#include "wgmma.cuh"

template <class Type_, int Size_, int Keys_, int Stages_>
struct HopperConfig
{
    using Type = Type_;
    static constexpr int Size = Size_, Keys = Keys_, Stages = Stages_, Consumers = 2;
    static constexpr int Rows = Consumers * 64, Threads = (Consumers + 1) * 128, ValueSize = Size;
    static constexpr int Panels = Size / 64;            // of 128 bytes a row
    static constexpr int TileBytes = Keys * Size * 2, PanelBytes = Keys * 128;
    static constexpr int QueryBytes = Rows * Size * 2, QueryPanelBytes = 64 * 128;
    static constexpr int BarrierOffset = QueryBytes + 2 * Stages * TileBytes;
    static constexpr int SharedBytes = BarrierOffset + 256 + 1024; // the start is moved up to a multiple of 1024
};

// Barriers of a ring of stages: filled by the loading group, emptied by the multiplying ones.
template <int Stages>
struct StageRing
{
    u32 tiles, barriers;
    int stage = 0, parity = 0;

    DEVICE StageRing(u32 tiles_, u32 barriers_) : tiles(tiles_), barriers(barriers_) {}
    DEVICE u32 full() const { return barriers + stage * 16; }
    DEVICE u32 empty() const { return barriers + stage * 16 + 8; }
    DEVICE void next()
    {
        stage = stage + 1 == Stages ? 0 : stage + 1;
        parity ^= stage == 0;
    }
};

// Copies Keys rows of a paged matrix into panels of 128-byte rows; 128 threads.
template <class Config>
struct PanelLoader
{
    static constexpr int Chunks = Config::Size / 8, RowsAtOnce = 128 / Chunks, Iterations = Config::Keys / RowsAtOnce;
    static_assert(RowsAtOnce <= 16, "a group of 16 rows takes one look at the table");

    KeyGroups<Config::Keys / 16> groups;

    DEVICE void copy(u32 to, const u8* base, i64 block_bytes, int size, int key, int end, int thread) const
    {
        const int chunk = thread % Chunks, first = thread / Chunks, row_bytes = size * 2;
        const int most = chunk * 8 < size ? 16 : 0, offset = first * row_bytes + chunk * 16;
        const u32 panel = to + chunk / 8 * Config::PanelBytes;
#pragma unroll
        for (int i = 0; i < Iterations; i++)
        {
            const int row = first + i * RowsAtOnce;
            const u8* from = groups.at(i * RowsAtOnce / 16, base, block_bytes, row_bytes) + offset + i * RowsAtOnce % 16 * row_bytes;
            copy_async16(panel + row * 128 + ((chunk % 8) ^ (row & 7)) * 16, from, key + row < end ? most : 0);
        }
    }
};

// The loading group: tiles of keys and values in turn. A tile is announced when the one two after it is under way.
template <class Config> DEVICE void load_keys_and_values(const AttentionArgs& args, const AttentionTile& tile, StageRing<Config::Stages> keys, StageRing<Config::Stages> values, int steps)
{
    constexpr int Ahead = 3;
    static_assert(Config::Stages >= 3, "a stage is free again before the tiles that its reader waits for are due");
    const int thread = threadIdx.x % 128, groups_per_block = args.block_tokens / 16;
    const int* table = args.tables + tile.table;
    const u8* bases[2] = {args.kv + args.key_offset + (i64)blockIdx.x * args.block_tokens * args.key_size * 2, args.kv + args.value_offset + (i64)blockIdx.x * args.block_tokens * args.value_size * 2};
    StageRing<Config::Stages> landing_keys = keys, landing_values = values;
    PanelLoader<Config> loader, next;
    next.groups.look_up(table, tile.key_begin / 16, 1, tile.key_end, groups_per_block);
    for (int step = 0; step < steps + Ahead / 2 + 1; step++)
    {
        const int key = tile.key_begin + step * Config::Keys;
        loader = next;
        if (step + 1 < steps) next.groups.look_up(table, (key + Config::Keys) / 16, 1, tile.key_end, groups_per_block);
#pragma unroll
        for (int part = 0; part < 2; part++)
        {
            StageRing<Config::Stages>& ring = part == 0 ? keys : values;
            if (step < steps)
            {
                if (step >= Config::Stages) barrier_wait(ring.empty(), ring.parity ^ 1);
                loader.copy(ring.tiles + ring.stage * Config::TileBytes, bases[part], args.block_bytes, part == 0 ? args.key_size : args.value_size, key, tile.key_end, thread);
                ring.next();
            }

            copy_async_commit();
            copy_async_wait<Ahead>();
            // The tile Ahead before this one has landed: of the other kind, as Ahead is odd.
            const int landed = step * 2 + part - Ahead;
            StageRing<Config::Stages>& landing = part == 0 ? landing_values : landing_keys;
            if (landed < 0 || landed >= 2 * steps) continue;
            fence_shared();
            barrier_arrive(landing.full());
            landing.next();
        }
    }
}

// A multiplying group's 64 queries, rounded, into panels.
template <class Config> DEVICE void store_queries(const AttentionArgs& args, const AttentionTile& tile, u32 to, int first, int thread)
{
    using Type = typename Config::Type;
#pragma unroll
    for (int j = 0; j < Config::Size / 16; j++)
    {
        const int i = thread + j * 128, row = i / (Config::Size / 8), chunk = i % (Config::Size / 8), token = (first + row) / tile.heads;
        u32 packed[4] = {};
        if (token < tile.rows && chunk * 8 < args.key_size)
        {
            const float* q = args.q + (i64)(tile.row + token) * args.q_stride + tile_head(args, tile, first + row) * args.key_size + chunk * 8;
#pragma unroll
            for (int pair = 0; pair < 4; pair++)
            {
                const float2 x = *(const float2*)(q + 2 * pair);
                packed[pair] = Type::pack(x.x, x.y);
            }
        }

        const u32 at = to + chunk / 8 * Config::QueryPanelBytes + row * 128 + ((chunk % 8) ^ (row & 7)) * 16;
        asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(at), "r"(packed[0]), "r"(packed[1]), "r"(packed[2]), "r"(packed[3]) : "memory");
    }
}

template <class Config> DEVICE void multiply_keys(float (&scores)[Config::Keys / 8][4], u32 queries, u32 keys)
{
    group_fence();
#pragma unroll
    for (int step = 0; step < Config::Size / 16; step++)
    {
        const u64 a = matrix_descriptor(queries + step / 4 * Config::QueryPanelBytes + step % 4 * 32, 16);
        const u64 b = matrix_descriptor(keys + step / 4 * Config::PanelBytes + step % 4 * 32, 16);
        group_multiply(typename Config::Type(), scores, a, b, step > 0);
    }

    group_commit();
}

template <class Config> DEVICE void multiply_values(float (&sum)[Config::Size / 8][4], const u32 (&weights)[Config::Keys / 16][4], u32 values)
{
    group_fence();
#pragma unroll
    for (int step = 0; step < Config::Keys / 16; step++)
        group_multiply_rows(typename Config::Type(), sum, weights[step], matrix_descriptor(values + step * 16 * 128, Config::PanelBytes));
    group_commit();
}

// Weights in accumulator order become the left operand of the next product.
template <class Type, int Columns> DEVICE void pack_weights(const float (&scores)[Columns][4], u32 (&weights)[Columns / 2][4])
{
#pragma unroll
    for (int i = 0; i < Columns / 2; i++)
    {
#pragma unroll
        for (int j = 0; j < 4; j++) weights[i][j] = Type::pack(scores[2 * i + (j >> 1)][(j & 1) * 2], scores[2 * i + (j >> 1)][(j & 1) * 2 + 1]);
    }
}

template <int Stages> DEVICE void release(StageRing<Stages>& ring, int lane)
{
    if (lane == 0) barrier_arrive(ring.empty());
    ring.next();
}

template <class Config> DEVICE void attend(const AttentionArgs& args, const AttentionTile& tile, StageRing<Config::Stages> keys, StageRing<Config::Stages> values, u32 queries, int steps)
{
    using Type = typename Config::Type;
    constexpr int Columns = Config::Keys / 8;
    const int lane = threadIdx.x % WarpSize, first = threadIdx.x / WarpSize * 16;
    const QueryRows<Config> rows(args, tile, first, lane);
    const int low = tile.position + first / tile.heads, high = min(tile.position + (first + 15) / tile.heads, tile.position + tile.rows - 1);
    SoftmaxRows<Config::Size / 8> state;
    state.clear();
    float scores[Columns][4], shrink[2];
    u32 weights[Columns / 2][4];
    auto key_of = [&](int step) { return tile.key_begin + step * Config::Keys; };
    auto must_mask = [&](int step) {
        const int key = key_of(step);
        return key + Config::Keys - 1 > low || key + Config::Keys > tile.key_end || (args.window != 0 && key <= high - args.window);
    };

    barrier_wait(keys.full(), keys.parity);
    multiply_keys<Config>(scores, queries, keys.tiles + keys.stage * Config::TileBytes);
    group_wait<0>();
    release(keys, lane);
    float unit = shape_scores(args, rows.position, key_of(0), tile.key_end, lane, must_mask(0), scores);
    state.soften(scores, unit, shrink);
    pack_weights<Type>(scores, weights);
    for (int step = 1; step < steps; step++)
    {
        barrier_wait(keys.full(), keys.parity);
        multiply_keys<Config>(scores, queries, keys.tiles + keys.stage * Config::TileBytes);
        barrier_wait(values.full(), values.parity);
        multiply_values<Config>(state.sum, weights, values.tiles + values.stage * Config::TileBytes);
        group_wait<1>();
        release(keys, lane);
        unit = shape_scores(args, rows.position, key_of(step), tile.key_end, lane, must_mask(step), scores);
        state.soften(scores, unit, shrink);
        group_wait<0>();
        release(values, lane);
        state.shrink_sums(shrink);
        pack_weights<Type>(scores, weights);
    }

    barrier_wait(values.full(), values.parity);
    multiply_values<Config>(state.sum, weights, values.tiles + values.stage * Config::TileBytes);
    group_wait<0>();
    release(values, lane);
    state.add_up_totals();
    store<Config, Config::Size / 8>(args, tile, rows, state, first, 0, lane);
}

template <class Config> DEVICE void attention_hopper(const AttentionArgs& args)
{
    extern __shared__ u8 unaligned[];
    const AttentionTile tile = args.tiles[blockIdx.y];
    if ((int)blockIdx.y >= *args.tile_count) return wait_for_inputs();
    const u32 shared = (shared_address(unaligned) + 1023) & ~1023u, barriers = shared + Config::BarrierOffset;
    const u32 tiles = shared + Config::QueryBytes;
    StageRing<Config::Stages> keys(tiles, barriers), values(tiles + Config::Stages * Config::TileBytes, barriers + Config::Stages * 16);
    if (threadIdx.x == 0)
    {
        for (int i = 0; i < 2 * Config::Stages; i++)
        {
            barrier_init(barriers + i * 16, 128);
            barrier_init(barriers + i * 16 + 8, Config::Consumers * 4);
        }

        asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
    }

    wait_for_inputs();
    const int group = threadIdx.x / 128;
    const u32 queries = shared + group * 64 * Config::Size * 2;
    __syncthreads();
    const int steps = (tile.key_end - tile.key_begin + Config::Keys - 1) / Config::Keys;
    if (group == Config::Consumers)
    {
        give_registers<56>();
        load_keys_and_values<Config>(args, tile, keys, values, steps);
    }
    else
    {
        take_registers<224>();
        store_queries<Config>(args, tile, queries, group * 64, threadIdx.x % 128);
        fence_shared();
        asm volatile("bar.sync %0, 128;" ::"r"(group + 2) : "memory");
        attend<Config>(args, tile, keys, values, queries, steps);
        if (tile.parts > 1) combine<2, Config::Consumers * 128>(args, tile, Config::Rows, Config::ValueSize);
    }
}
