// Paged attention without tensor cores: any head size, block size and type of key, in single precision. It is what runs where
// the fast kernels' conditions do not hold, and what keeps float32 caches exact.
#pragma once
#include "attention_tiles.cuh"
#include "kv.cuh"

constexpr int PlainWarps = 4, PlainRowsPerWarp = 2, PlainRows = PlainWarps * PlainRowsPerWarp, PlainKeys = WarpSize;
constexpr int PlainColumns = 32; // value columns / 32 at most

// Shared memory: PlainRows queries, then 32 keys and, unless values are in the keys, 32 values, a row padded to an odd number
// of floats.
template <class Kv, bool ValueInKey> DEVICE void attention_plain(const AttentionArgs& args)
{
    extern __shared__ float memory[];
    const AttentionTile tile = args.tiles[blockIdx.y];
    if ((int)blockIdx.y >= *args.tile_count) return wait_for_inputs();
    const int lane = threadIdx.x % WarpSize, warp = threadIdx.x / WarpSize, kv_head = blockIdx.x;
    const int key_stride = args.key_size | 1, value_stride = ValueInKey ? key_stride : args.value_size | 1;
    float* queries = memory;
    float* keys = queries + PlainRows * args.key_size;
    float* values = ValueInKey ? keys : keys + PlainKeys * key_stride;
    const int rows = tile.rows * tile.heads;
    wait_for_inputs();
    for (int i = threadIdx.x; i < rows * args.key_size; i += blockDim.x)
    {
        int row = i / args.key_size, c = i % args.key_size, head = tile_head(args, tile, row);
        queries[i] = args.q[(i64)(tile.row + row / tile.heads) * args.q_stride + head * args.key_size + c];
    }

    float most[PlainRowsPerWarp], total[PlainRowsPerWarp], sum[PlainRowsPerWarp][PlainColumns];
#pragma unroll
    for (int r = 0; r < PlainRowsPerWarp; r++)
    {
        most[r] = -infinity(), total[r] = 0;
#pragma unroll
        for (int c = 0; c < PlainColumns; c++) sum[r][c] = 0;
    }

    for (int first = tile.key_begin; first < tile.key_end; first += PlainKeys)
    {
        const int count = min(PlainKeys, tile.key_end - first);
        __syncthreads();
        for (int k = warp; k < count; k += PlainWarps)
        {
            int key = first + k, token = key % args.block_tokens;
            u8* block = args.kv + args.tables[tile.table + key / args.block_tokens] * args.block_bytes;
            const KvRow from = kv_row<Kv>(block, args.key_offset, args.key_scale_offset, kv_head, args.block_tokens, token, args.key_size);
            for (int c = lane; c < args.key_size; c += WarpSize) keys[k * key_stride + c] = Kv::read(from, c);
            if (ValueInKey) continue;
            const KvRow value = kv_row<Kv>(block, args.value_offset, args.value_scale_offset, kv_head, args.block_tokens, token, args.value_size);
            for (int c = lane; c < args.value_size; c += WarpSize) values[k * value_stride + c] = Kv::read(value, c);
        }

        __syncthreads();
#pragma unroll
        for (int r = 0; r < PlainRowsPerWarp; r++)
        {
            const int row = warp * PlainRowsPerWarp + r;
            if (row >= rows) continue;
            const int position = tile.position + row / tile.heads, key = first + lane;
            const bool seen = lane < count && key <= position && (args.window == 0 || key > position - args.window);
            float score = 0;
            if (seen)
            {
                const float* q = queries + row * args.key_size;
                for (int c = 0; c < args.key_size; c++) score += q[c] * keys[lane * key_stride + c];
                score *= args.scale;
                if (args.soft_cap > 0) score = args.soft_cap * tanhf(score / args.soft_cap);
            }

            score = seen ? score * Log2E : -infinity();
            const float top = fmaxf(most[r], warp_max(score)), base = top == -infinity() ? 0.f : top;
            const float power = exp2f(score - base), shrink = exp2f(most[r] - base);
            most[r] = top;
            total[r] = total[r] * shrink + warp_sum(power);
#pragma unroll
            for (int c = 0; c < PlainColumns; c++) sum[r][c] *= shrink;
            for (int k = 0; k < count; k++)
            {
                const float weight = __shfl_sync(AllLanes, power, k);
                const float* v = values + k * value_stride + lane;
#pragma unroll
                for (int c = 0; c < PlainColumns; c++)
                {
                    if (c * WarpSize < args.value_size && c * WarpSize + lane < args.value_size) sum[r][c] += weight * v[c * WarpSize];
                }
            }
        }
    }

#pragma unroll
    for (int r = 0; r < PlainRowsPerWarp; r++)
    {
        const int row = warp * PlainRowsPerWarp + r;
        if (row >= rows) continue;
        const int head = tile_head(args, tile, row);
        const float sink = tile.parts == 1 && args.sinks ? args.sinks[head] * Log2E : -infinity(), top = fmaxf(most[r], sink);
        const float shrink = exp2f(most[r] - top), factor = shrink / (total[r] * shrink + exp2f(sink - top));
        const i64 slot = ((i64)(tile.slot + tile.part) * args.kv_heads + kv_head) * PlainRows + row;
        if (tile.parts > 1 && lane == 0) args.partial_state[slot * 2] = most[r], args.partial_state[slot * 2 + 1] = total[r];
#pragma unroll
        for (int c = 0; c < PlainColumns; c++)
        {
            const int column = c * WarpSize + lane;
            if (column >= args.value_size) continue;
            if (tile.parts == 1) write_one(args, tile.row + row / tile.heads, head * args.value_size + column, sum[r][c] * factor);
            else args.partial[slot * args.value_size + column] = sum[r][c];
        }
    }

    if (tile.parts > 1) combine<1, PlainWarps * WarpSize>(args, tile, PlainRows, args.value_size);
}
