// How the work of attention is cut up, and how parts of one tile's keys come together.
#pragma once
#include "outputs.cuh"

// One block's work, but for its key head, which is the grid's x. The host makes the list anew for each batch.
struct AttentionTile
{
    int row;       // of the batch: its first token
    int rows;      // tokens
    int position;  // of the first token in its sequence
    int table;     // the sequence's block table in the list of all tables
    int key_begin; // first key of this part, a multiple of 16
    int key_end;   // one past its last
    int part;      // which of the parts of these rows this is
    int parts;
    int slot;      // of part 0 in the scratch memory; the other parts' follow. Not used where there is one part
    int head;      // first of the key head's query heads that the tile has
    int heads;     // how many: row r of the tile is head r % heads of token r / heads
    int pad;
};

struct AttentionArgs
{
    const float* q;             // [rows][q_stride], of which heads·key_size are used
    void* y;                    // [rows][y_stride], of which heads·value_size are written; or an operand of y_stride rows
    u8* kv;                     // the blocks; not written
    const int* tables;
    const AttentionTile* tiles; // as many as the grid has, of which tile_count are real
    const int* tile_count;
    const float* sinks;         // [heads], or null
    float* partial;             // [slot][kv head][tile rows][padded value size], sums that are not divided yet
    float* partial_state;       // [slot][kv head][tile rows][2]: greatest score (in powers of 2), sum of powers
    int* arrivals;              // [slot][kv head], zeros before and after
    i64 block_bytes, key_offset, key_scale_offset, value_offset, value_scale_offset;
    int q_stride, y_stride, kv_heads, group, key_size, value_size, block_tokens, window;
    int output; // 0: y is floats, 1: an operand of halves, 2: of bfloat16
    float scale, soft_cap;
};

// Where groups of 16 keys of a sequence are, as one thread found them in its block table. Blocks hold whole groups.
template <int Count>
struct KeyGroups
{
    int blocks[Count], tokens[Count]; // the block, and the group's first token in it

    // Groups first, first + step, ...; those that begin at or past the end are in block 0, which is always there to be read.
    DEVICE void look_up(const int* table, int first, int step, int end, int groups_per_block)
    {
#pragma unroll
        for (int i = 0; i < Count; i++)
        {
            const int group = first + i * step, block = groups_per_block == 1 ? group : group / groups_per_block;
            const bool inside = group * 16 < end;
            blocks[i] = inside ? __ldg(table + block) : 0;
            tokens[i] = inside ? (group - block * groups_per_block) * 16 : 0;
        }
    }

    // The same by a number that is known at run time alone.
    DEVICE const u8* pick(int group, const u8* base, i64 block_bytes, int row_bytes) const
    {
        int block = blocks[0], token = tokens[0];
#pragma unroll
        for (int i = 1; i < Count; i++) block = i == group ? blocks[i] : block, token = i == group ? tokens[i] : token;
        return base + block * block_bytes + token * row_bytes;
    }

    DEVICE const u8* at(int i, const u8* base, i64 block_bytes, int row_bytes) const { return base + blocks[i] * block_bytes + tokens[i] * row_bytes; }
};

DEVICE int tile_head(const AttentionArgs& args, const AttentionTile& tile, int row)
{
    return blockIdx.x * args.group + tile.head + row % tile.heads;
}

// Writes results where the next layer reads them: two columns from an even one on, or one.
DEVICE void write_pair(const AttentionArgs& args, int row, int column, float a, float b)
{
    if (args.output == 0) *(float2*)((float*)args.y + (i64)row * args.y_stride + column) = make_float2(a, b);
    else if (args.output == 1) *(u32*)Operand<Half16>::at(args.y, row, args.y_stride, column) = Half16::pack_saturated(a, b);
    else *(u32*)Operand<Brain16>::at(args.y, row, args.y_stride, column) = Brain16::pack(a, b);
}

DEVICE void write_one(const AttentionArgs& args, int row, int column, float x)
{
    if (args.output == 0) Single::store(args.y, row, args.y_stride, column, x);
    else if (args.output == 1) Operand<Half16>::store(args.y, row, args.y_stride, column, x);
    else Operand<Brain16>::store(args.y, row, args.y_stride, column, x);
}

// The last part of a tile to finish adds up all of them. A tile has `tile_rows` rows of scratch, `stride` floats apart, and
// each thread makes Columns neighbouring columns at a time. Threads 0 to Threads - 1 of the block take part.
template <int Columns, int Threads>
DEVICE void combine(const AttentionArgs& args, const AttentionTile& tile, int tile_rows, int stride)
{
    __shared__ int last;
    auto barrier = [] { asm volatile("bar.sync 1, %0;" ::"n"(Threads) : "memory"); };
    __threadfence();
    barrier();
    int* arrivals = args.arrivals + (i64)tile.slot * args.kv_heads + blockIdx.x;
    if (threadIdx.x == 0) last = atomicAdd(arrivals, 1) == tile.parts - 1;
    barrier();
    if (!last) return;
    if (threadIdx.x == 0) *arrivals = 0;
    __threadfence();
    const int columns = args.value_size / Columns, rows = tile.rows * tile.heads;
    const i64 part_rows = (i64)args.kv_heads * tile_rows;
    for (int i = threadIdx.x; i < rows * columns; i += Threads)
    {
        const int row = i / columns, column = i % columns * Columns, head = tile_head(args, tile, row);
        const i64 first = ((i64)tile.slot * args.kv_heads + blockIdx.x) * tile_rows + row;
        const float sink = args.sinks ? args.sinks[head] * Log2E : -infinity();
        float most = sink, sum[Columns] = {};
        for (int part = 0; part < tile.parts; part++) most = fmaxf(most, __ldcg(args.partial_state + (first + part * part_rows) * 2));
        float total = exp2_fast(sink - most);
        for (int part = 0; part < tile.parts; part++)
        {
            const float2 state = __ldcg((const float2*)(args.partial_state + (first + part * part_rows) * 2));
            const float* values = args.partial + (first + part * part_rows) * stride + column;
            const float factor = exp2_fast(state.x - most);
            total += factor * state.y;
#pragma unroll
            for (int c = 0; c < Columns; c++) sum[c] += factor * __ldcg(values + c);
        }

        const int to = tile.row + row / tile.heads;
        if (Columns == 2) write_pair(args, to, head * args.value_size + column, sum[0] / total, sum[Columns - 1] / total);
        else write_one(args, to, head * args.value_size + column, sum[0] / total);
    }
}
