// What comes between the projections and attention, in one launch: norms of query and key heads, rotary position
// embedding (arXiv:2104.09864), and the write of keys and values to their blocks.
#include "kv.cuh"

struct RopeArgs
{
    const float* q;       // each of the three may be null
    const float* k;
    const float* v;
    float* q_out;         // may be q
    float* k_out;         // rotated keys as a matrix too, or null
    const float* q_gain;  // [key_size] or null: RMSNorm of each head first
    const float* k_gain;
    const int* positions; // [rows]; negative for rows that are none
    const int* row_tables; // [rows] where the block table of a row's sequence begins in tables
    const int* tables;
    const u64* turns;     // [pairs] turns per position, as fractions of 2^64
    u8* kv;               // null: nothing is stored
    i64 block_bytes, key_offset, key_scale_offset, value_offset, value_scale_offset;
    int q_stride, k_stride, v_stride, q_out_stride, k_out_stride;
    int heads, kv_heads, key_size, value_size, block_tokens, pairs, interleaved, rows;
    float magnitude, epsilon;
};

// The factor that normalises a head, which a warp holds in shared memory.
DEVICE float norm_factor(const float* head, int size, float epsilon, int lane)
{
    float squares = 0;
    for (int c = lane; c < size; c += WarpSize) squares += head[c] * head[c];
    return 1.f / sqrtf(warp_sum(squares) / size + epsilon);
}

DEVICE void load_head(float* head, const float* x, const float* gain, int size, float epsilon, int lane)
{
    for (int c = lane; c < size; c += WarpSize) head[c] = x[c];
    __syncwarp();
    if (!gain) return;
    float factor = norm_factor(head, size, epsilon, lane);
    __syncwarp();
    for (int c = lane; c < size; c += WarpSize) head[c] *= factor * gain[c];
    __syncwarp();
}

// Sine and cosine of a pair's angle. Positions times turns wrap around at whole turns by themselves, so that no precision is
// lost at far positions.
DEVICE float2 angle_of(const RopeArgs& args, int position, int pair)
{
    float turn = (int)(u32)(((u64)(u32)position * args.turns[pair]) >> 32) * (1.f / 4294967296.f), sine, cosine;
    sincospif(2.f * turn, &sine, &cosine);
    return make_float2(sine * args.magnitude, cosine * args.magnitude);
}

// The angles of a lane's first pairs, which need no kernel's result.
struct HeadAngles
{
    static constexpr int Held = 2;
    float2 held[Held];

    DEVICE void load(const RopeArgs& args, int position, int lane)
    {
#pragma unroll
        for (int i = 0; i < Held; i++) held[i] = lane + i * WarpSize < args.pairs ? angle_of(args, position, lane + i * WarpSize) : make_float2(0.f, 1.f);
    }
};

DEVICE void rotate_pair(float* head, const RopeArgs& args, float2 angle, int pair)
{
    int i = args.interleaved ? 2 * pair : pair, j = args.interleaved ? 2 * pair + 1 : pair + args.pairs;
    float a = head[i], b = head[j];
    head[i] = a * angle.y - b * angle.x;
    head[j] = a * angle.x + b * angle.y;
}

DEVICE void rotate_head(float* head, const RopeArgs& args, const HeadAngles& angles, int position, int lane)
{
#pragma unroll
    for (int i = 0; i < HeadAngles::Held; i++)
        if (lane + i * WarpSize < args.pairs) rotate_pair(head, args, angles.held[i], lane + i * WarpSize);
    for (int pair = lane + HeadAngles::Held * WarpSize; pair < args.pairs; pair += WarpSize) rotate_pair(head, args, angle_of(args, position, pair), pair);
    __syncwarp();
}

// One warp a head of a row: query heads, then key heads, then value heads.
template <class Kv> DEVICE void rope_and_store(const RopeArgs& args)
{
    extern __shared__ float memory[];
    const int lane = threadIdx.x % WarpSize, warp = threadIdx.x / WarpSize;
    const int queries = args.q ? args.heads : 0, jobs = queries + (args.k ? args.kv_heads : 0) + (args.v ? args.kv_heads : 0);
    const int at = blockIdx.x * (blockDim.x / WarpSize) + warp;
    const bool some = at < args.rows * jobs;
    const int row = some ? at / jobs : 0, job = at - row * jobs, position = some ? args.positions[row] : -1;
    // Positions and tables came with the batch: all that stands on them is done while the kernel before ends.
    HeadAngles angles;
    u8* block = nullptr;
    if (position >= 0)
    {
        if (job < queries + (args.k ? args.kv_heads : 0)) angles.load(args, position, lane);
        if (args.kv) block = args.kv + args.tables[args.row_tables[row] + position / args.block_tokens] * args.block_bytes;
    }

    wait_for_inputs();
    if (position < 0) return;
    float* head = memory + warp * max(args.key_size, args.value_size);
    if (job < queries)
    {
        load_head(head, args.q + (i64)row * args.q_stride + job * args.key_size, args.q_gain, args.key_size, args.epsilon, lane);
        rotate_head(head, args, angles, position, lane);
        float* y = args.q_out + (i64)row * args.q_out_stride + job * args.key_size;
        for (int c = lane; c < args.key_size; c += WarpSize) y[c] = head[c];
        return;
    }

    const bool is_key = args.k && job - queries < args.kv_heads;
    const int h = (job - queries) % args.kv_heads, size = is_key ? args.key_size : args.value_size;
    if (is_key)
    {
        load_head(head, args.k + (i64)row * args.k_stride + h * size, args.k_gain, size, args.epsilon, lane);
        rotate_head(head, args, angles, position, lane);
        if (args.k_out)
            for (int c = lane; c < size; c += WarpSize) args.k_out[(i64)row * args.k_out_stride + h * size + c] = head[c];
    }
    else load_head(head, args.v + (i64)row * args.v_stride + h * size, nullptr, size, args.epsilon, lane);

    if (!args.kv) return;
    const int token = position % args.block_tokens;
    if (is_key) Kv::write(kv_row<Kv>(block, args.key_offset, args.key_scale_offset, h, args.block_tokens, token, size), size, head, lane);
    else Kv::write(kv_row<Kv>(block, args.value_offset, args.value_scale_offset, h, args.block_tokens, token, size), size, head, lane);
}

extern "C" __global__ void rope_store_f32(const __grid_constant__ RopeArgs args) { rope_and_store<KvSingle>(args); }
extern "C" __global__ void rope_store_f16(const __grid_constant__ RopeArgs args) { rope_and_store<KvShort<Half16>>(args); }
extern "C" __global__ void rope_store_bf16(const __grid_constant__ RopeArgs args) { rope_and_store<KvShort<Brain16>>(args); }
extern "C" __global__ void rope_store_q8_0(const __grid_constant__ RopeArgs args) { rope_and_store<KvBytes>(args); }
