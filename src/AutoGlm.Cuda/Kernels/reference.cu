// Every operation of a graph by definition, one after the other and in single precision: what fast kernels are tested
// against on the card. Nothing here is tuned, and nothing is shared with the fast kernels.

typedef long long i64;
typedef unsigned char u8;
typedef unsigned short u16;

struct RowsArgs
{
    const float* a;
    const float* b;
    float* y;
    const int* ids;
    i64 a_stride, b_stride, y_stride;
    int rows, width, kind, groups, a_offset, y_offset, a_group, y_group;
    float p, r;
};

#define FOR_EACH_COLUMN(c, width) for (int c = blockIdx.x * blockDim.x + threadIdx.x; c < (width); c += gridDim.x * blockDim.x)

__device__ float reference_sigmoid(float x) { return 1.f / (1.f + expf(-x)); }

__device__ float reference_activation(int kind, float x)
{
    if (kind == 0) return x * reference_sigmoid(x);
    if (kind == 1) return 0.5f * x * (1.f + tanhf(0.7978845608028654f * (x + 0.044715f * x * x * x)));
    return 0.5f * x * (1.f + erff(x * 0.7071067811865476f));
}

// kind: 0 a + b, 1 a b, 2 p a, 3 p tanh(a / p), 4 to 6 an activation of a, 7 to 9 that times b, 10 gpt-oss's gate
extern "C" __global__ void reference_elements(const RowsArgs args)
{
    const float* a = args.a + blockIdx.y * args.a_stride;
    const float* b = args.b + blockIdx.y * args.b_stride;
    float* y = args.y + blockIdx.y * args.y_stride;
    FOR_EACH_COLUMN(c, args.width)
    {
        float x = a[c], result;
        if (args.kind == 0) result = x + b[c];
        else if (args.kind == 1) result = x * b[c];
        else if (args.kind == 2) result = args.p * x;
        else if (args.kind == 3) result = args.p * tanhf(x / args.p);
        else if (args.kind <= 6) result = reference_activation(args.kind - 4, x);
        else if (args.kind <= 9) result = reference_activation(args.kind - 7, x) * b[c];
        else
        {
            float gate = fminf(x, args.r), up = fminf(fmaxf(b[c], -args.r), args.r);
            result = (up + 1.f) * gate * reference_sigmoid(args.p * gate);
        }
        y[c] = result;
    }
}

// Columns of each group of each row; with ids, of the rows they name.
extern "C" __global__ void reference_copy(const RowsArgs args)
{
    const float* a = args.a + (args.ids ? args.ids[blockIdx.y] : (i64)blockIdx.y) * args.a_stride;
    float* y = args.y + blockIdx.y * args.y_stride;
    FOR_EACH_COLUMN(i, args.groups * args.width)
    {
        int group = i / args.width, c = i % args.width;
        y[group * args.y_group + args.y_offset + c] = a[group * args.a_group + args.a_offset + c];
    }
}

// Each thread has a group of `groups` columns; b is the gain and p the epsilon.
extern "C" __global__ void reference_rms_norm(const RowsArgs args)
{
    int size = args.groups;
    FOR_EACH_COLUMN(group, args.width / size)
    {
        const float* x = args.a + blockIdx.y * args.a_stride + (i64)group * size;
        float* y = args.y + blockIdx.y * args.y_stride + (i64)group * size;
        float sum = 0;
        for (int c = 0; c < size; c++) sum += x[c] * x[c];
        float scale = 1.f / sqrtf(sum / size + args.p);
        for (int c = 0; c < size; c++) y[c] = x[c] * scale * args.b[c];
    }
}

struct ReferenceRopeArgs
{
    const float* x;
    float* y;
    const float* frequencies;  // [pairs]
    const int* positions;
    i64 x_stride, y_stride;
    int width, head_size, pairs, interleaved;
    float magnitude;
};

// Each thread has a column that is no pair's second.
extern "C" __global__ void reference_rope(const ReferenceRopeArgs args)
{
    const float* x = args.x + blockIdx.y * args.x_stride;
    float* y = args.y + blockIdx.y * args.y_stride;
    FOR_EACH_COLUMN(c, args.width)
    {
        int head = c / args.head_size * args.head_size, i = c % args.head_size;
        if (i >= 2 * args.pairs)
        {
            y[c] = x[c];
            continue;
        }
        bool second = args.interleaved ? i & 1 : i >= args.pairs;
        if (second) continue;
        int pair = args.interleaved ? i / 2 : i, other = head + (args.interleaved ? i + 1 : i + args.pairs);
        double sine, cosine;
        sincos((double)args.positions[blockIdx.y] * (double)args.frequencies[pair], &sine, &cosine);
        float s = (float)(sine * args.magnitude), k = (float)(cosine * args.magnitude), first = x[c], last = x[other];
        y[c] = first * k - last * s;
        y[other] = first * s + last * k;
    }
}

struct ReferenceMatMulArgs
{
    const float* w;        // [matrices][outputs][inputs]
    const float* x;
    const float* bias;     // [matrices][outputs], or null
    const float* addend;   // or null; may be y
    const float* routing;  // [rows][2 used] whose first are matrices, or null
    float* y;
    i64 x_stride, addend_stride, y_stride;
    int outputs, inputs;
    int slots;             // matrices that a row meets: its experts, or all heads'
    int x_slot;            // columns from slot to slot of x; 0 where all slots read the same
    i64 routing_stride;
};

// A warp has an output; the grid's y counts rows, z slots.
extern "C" __global__ void reference_matmul(const ReferenceMatMulArgs args)
{
    i64 row = blockIdx.y;
    int slot = blockIdx.z, lane = threadIdx.x % 32, output = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32;
    if (output >= args.outputs) return;
    i64 matrix = args.routing ? (i64)args.routing[row * args.routing_stride + slot] : slot;
    const float* w = args.w + (matrix * args.outputs + output) * args.inputs;
    const float* x = args.x + row * args.x_stride + (i64)slot * args.x_slot;
    float sum = 0;
    for (int i = lane; i < args.inputs; i += 32) sum += w[i] * x[i];
    for (int lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, lanes);
    if (lane != 0) return;
    i64 column = (i64)slot * args.outputs + output;
    if (args.bias) sum += args.bias[matrix * args.outputs + output];
    if (args.addend) sum += args.addend[row * args.addend_stride + column];
    args.y[row * args.y_stride + column] = sum;
}

struct ReferenceKvArgs
{
    const float* k;          // or queries
    const float* v;          // or null where values are in keys
    float* y;
    u8* kv;
    const int* positions;    // of rows; below 0 for a row that is none
    const int* row_tables;   // where the row's table begins in tables
    const int* tables;
    const float* sinks;
    i64 k_stride, v_stride, y_stride, block_bytes, key_offset, value_offset;
    int heads, kv_heads, key_size, value_size, value_stride, block_tokens, half, window;
    float scale, soft_cap;
};

__device__ u16 reference_to_half(float x)
{
    u16 bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(x));
    return bits;
}

__device__ float reference_of_half(u16 bits)
{
    float x;
    asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(bits));
    return x;
}

__device__ u8* reference_block(const ReferenceKvArgs& args, i64 row, int position)
{
    return args.kv + args.tables[args.row_tables[row] + position / args.block_tokens] * args.block_bytes;
}

extern "C" __global__ void reference_kv_write(const ReferenceKvArgs args)
{
    i64 row = blockIdx.y;
    int position = args.positions[row], keys = args.kv_heads * args.key_size, values = args.v ? args.kv_heads * args.value_size : 0;
    if (position < 0) return;
    u8* block = reference_block(args, row, position);
    FOR_EACH_COLUMN(c, keys + values)
    {
        bool key = c < keys;
        int i = key ? c : c - keys, size = key ? args.key_size : args.value_size;
        i64 at = (i64)(i / size * args.block_tokens + position % args.block_tokens) * size + i % size;
        u8* matrix = block + (key ? args.key_offset : args.value_offset);
        float x = key ? args.k[row * args.k_stride + i] : args.v[row * args.v_stride + i];
        if (args.half) ((u16*)matrix)[at] = reference_to_half(x);
        else ((float*)matrix)[at] = x;
    }
}

__device__ float reference_kv_read(const ReferenceKvArgs& args, i64 row, int head, int position, i64 offset, int stride, int c)
{
    const u8* matrix = reference_block(args, row, position) + offset;
    i64 at = (i64)(head * args.block_tokens + position % args.block_tokens) * stride + c;
    return args.half ? reference_of_half(((const u16*)matrix)[at]) : ((const float*)matrix)[at];
}

// A block of 128 threads has a head (the grid's x) of a row (y): 128 keys at a time, a score a thread, then columns a thread.
extern "C" __global__ void reference_attention(const ReferenceKvArgs args)
{
    __shared__ float weights[128];
    i64 row = blockIdx.y;
    int head = blockIdx.x, kv_head = head / (args.heads / args.kv_heads), position = args.positions[row];
    const float* q = args.k + row * args.k_stride + (i64)head * args.key_size;
    float* y = args.y + row * args.y_stride + (i64)head * args.value_size;
    float sums[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    float most = args.sinks ? args.sinks[head] : -__int_as_float(0x7f800000), total = args.sinks ? 1.f : 0.f;
    int first = args.window > 0 && position - args.window + 1 > 0 ? position - args.window + 1 : 0;
    for (int start = first; start <= position; start += 128)
    {
        int key = start + threadIdx.x;
        float score = -__int_as_float(0x7f800000);
        if (key <= position)
        {
            score = 0;
            for (int c = 0; c < args.key_size; c++) score += q[c] * reference_kv_read(args, row, kv_head, key, args.key_offset, args.key_size, c);
            score *= args.scale;
            if (args.soft_cap > 0) score = args.soft_cap * tanhf(score / args.soft_cap);
        }
        weights[threadIdx.x] = score;
        __syncthreads();
        float top = most;
        for (int i = 0; i < 128; i++) top = fmaxf(top, weights[i]);
        float shrink = expf(most - top);
        most = top;
        total *= shrink;
        for (int i = 0; i < 128; i++) total += expf(weights[i] - top);
        for (int n = 0; n < 8; n++)
        {
            int c = threadIdx.x + n * 128;
            if (c >= args.value_size) break;
            sums[n] *= shrink;
            for (int i = 0; i < 128 && start + i <= position; i++)
                sums[n] += expf(weights[i] - top) * reference_kv_read(args, row, kv_head, start + i, args.value_offset, args.value_stride, c);
        }
        __syncthreads();
    }
    for (int n = 0; n < 8; n++)
    {
        int c = threadIdx.x + n * 128;
        if (c < args.value_size) y[c] = total > 0 ? sums[n] / total : 0.f;
    }
}

struct ReferenceRouteArgs
{
    const float* x;      // [rows][experts]
    const float* bias;   // [experts], or null
    float* y;            // [rows][2 used]: ids, then weights
    i64 x_stride, y_stride;
    int experts, used, gating, groups, groups_used, normalize; // gating: 0 softmax, 1 sigmoid, 2 softmax of the selected
    float scale;
};

__device__ int reference_best(const float* x, int count)
{
    int best = 0;
    for (int i = 1; i < count; i++)
        if (x[i] > x[best] || isnan(x[best])) best = i;
    return best;
}

__device__ void reference_softmax(float* x, int count)
{
    float most = x[reference_best(x, count)], sum = 0;
    for (int i = 0; i < count; i++) sum += x[i] = expf(x[i] - most);
    for (int i = 0; i < count; i++) x[i] /= sum;
}

// One thread a block has a row; dynamic shared memory: 2 experts + 2 groups floats.
extern "C" __global__ void reference_route(const ReferenceRouteArgs args)
{
    extern __shared__ float memory[];
    float lowest = -__int_as_float(0x7f800000);
    float *scores = memory, *choice = scores + args.experts, *worth = choice + args.experts, *kept = worth + args.groups;
    const float* x = args.x + blockIdx.y * args.x_stride;
    float* y = args.y + blockIdx.y * args.y_stride;
    for (int i = 0; i < args.experts; i++) scores[i] = args.gating == 1 ? reference_sigmoid(x[i]) : x[i];
    if (args.gating == 0) reference_softmax(scores, args.experts);
    for (int i = 0; i < args.experts; i++) choice[i] = scores[i] + (args.bias ? args.bias[i] : 0.f);
    if (args.groups > 1)
    {
        int size = args.experts / args.groups;
        for (int g = 0; g < args.groups; g++)
        {
            float first = lowest, second = lowest;
            for (int i = 0; i < size; i++)
            {
                float c = choice[g * size + i];
                if (c > first) second = first, first = c;
                else if (c > second) second = c;
            }
            worth[g] = args.gating == 0 || size == 1 ? first : first + second;
            kept[g] = 0;
        }
        for (int i = 0; i < args.groups_used; i++)
        {
            int best = reference_best(worth, args.groups);
            kept[best] = 1;
            worth[best] = lowest;
        }
        for (int i = 0; i < args.experts; i++)
            if (kept[i / size] == 0) choice[i] = lowest;
    }
    for (int slot = 0; slot < args.used; slot++)
    {
        int best = reference_best(choice, args.experts);
        y[slot] = best;
        y[args.used + slot] = scores[best];
        choice[best] = lowest;
    }
    float* weights = y + args.used;
    if (args.gating == 2) reference_softmax(weights, args.used);
    float sum = args.normalize ? 1e-20f : 1.f;
    for (int i = 0; i < args.used && args.normalize; i++) sum += weights[i];
    for (int i = 0; i < args.used; i++) weights[i] = weights[i] / sum * args.scale;
}

// a [rows][used width] summed by b's weights: a row of b is ids, then weights; `groups` is used.
extern "C" __global__ void reference_expert_sum(const RowsArgs args)
{
    const float* weights = args.b + blockIdx.y * args.b_stride + args.groups;
    FOR_EACH_COLUMN(c, args.width)
    {
        float sum = 0;
        for (int slot = 0; slot < args.groups; slot++) sum += weights[slot] * args.a[blockIdx.y * args.a_stride + (i64)slot * args.width + c];
        args.y[blockIdx.y * args.y_stride + c] = sum;
    }
}
