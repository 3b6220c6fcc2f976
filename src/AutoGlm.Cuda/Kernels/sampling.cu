// The next token of each row, chosen on the device: greedy, or drawn after top-k, top-p and min-p at a temperature. Masses are
// whole numbers (powers times 2^40), so that no sum depends on the order in which threads add, and the same seed and counter
// draw the same token.
#include "device.cuh"

struct SamplingRow
{
    float temperature; // 0 for greedy
    float top_p;       // 1 for none
    float min_p;       // 0 for none
    int top_k;         // 0 for none
    u64 seed, counter; // the random number is a function of these two
};

struct SampleArgs
{
    const float* logits;
    const SamplingRow* options; // [rows]
    int* tokens;                // [rows]; -1 where no logit is a number above minus infinity
    i64 stride;
    int vocabulary;
};

constexpr int SampleThreads = 1024, SampleWarps = SampleThreads / WarpSize, ListLength = 2048, Ways = 8, Run = 8;
constexpr float MassUnit = 1099511627776.f;

struct SampleMemory
{
    float list[ListLength];
    int ids[ListLength];
    float tops[SampleThreads];
    u64 sums[SampleWarps];
    u64 ways[SampleWarps][Ways - 1];
    int positions[SampleWarps];
    u64 found;
    float floor;
    int chosen;
};

// The tokens in play by rising id: a whole row, or those a first look at it left.
struct TokenView
{
    const float* logits;
    const int* ids; // null where position and id are one
    int count;

    DEVICE int id(int i) const { return ids ? ids[i] : i; }
};

// Rising with falling logits and, of equal logits, with rising ids, which have 24 bits.
DEVICE u64 sample_key(float logit, int id)
{
    const u32 bits = (u32)__float_as_int(logit == 0.f ? 0.f : logit);
    const u32 rising = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
    return (u64)~rising << 24 | (u32)id;
}

DEVICE u64 mass(float logit, float most, float scale) { return (u64)(exp2_fast((logit - most) * scale * Log2E) * MassUnit); }

DEVICE bool in_play(float logit, int id, u64 cut) { return logit > -infinity() && sample_key(logit, id) <= cut; }

DEVICE u64 shuffle64(u64 x, int lane)
{
    return (u64)__shfl_sync(AllLanes, (u32)(x >> 32), lane) << 32 | __shfl_sync(AllLanes, (u32)x, lane);
}

DEVICE u64 warp_prefix(u64 x, int lane)
{
#pragma unroll
    for (int lanes = 1; lanes < WarpSize; lanes <<= 1)
    {
        const u64 other = shuffle64(x, max(lane - lanes, 0));
        if (lane >= lanes) x += other;
    }

    return x;
}

DEVICE u64 warp_total(u64 x, int lane) { return shuffle64(warp_prefix(x, lane), WarpSize - 1); }

// f(logit, position) for the positions of [begin, end) that are this one of `threads` threads': in fours where they are aligned,
// with several loads under way before the first is used.
template <class F> DEVICE void for_each(const TokenView& view, int begin, int end, int thread, int threads, F f)
{
    constexpr int Flying = 4;
    if (((u64)view.logits | begin * 4) % 16 != 0)
    {
        for (int i = begin + thread; i < end; i += threads) f(view.logits[i], i);
        return;
    }

    const int step = threads * 4;
    int i = begin + thread * 4;
    for (; i + (Flying - 1) * step + 4 <= end; i += Flying * step)
    {
        float4 held[Flying];
#pragma unroll
        for (int j = 0; j < Flying; j++) held[j] = *(const float4*)(view.logits + i + j * step);
#pragma unroll
        for (int j = 0; j < Flying; j++) f(held[j].x, i + j * step), f(held[j].y, i + j * step + 1), f(held[j].z, i + j * step + 2), f(held[j].w, i + j * step + 3);
    }

    for (; i < end; i += step)
    {
        for (int j = i; j < min(i + 4, end); j++) f(view.logits[j], j);
    }
}

// Positions of a view that are one warp's, a run of whole steps of 32.
DEVICE void warp_range(int count, int warp, int& begin, int& end)
{
    const int each = (count + SampleThreads - 1) / SampleThreads * WarpSize;
    begin = min(warp * each, count), end = min(begin + each, count);
}

// The mass of all tokens in play; that of each warp's range stays in memory.sums.
DEVICE u64 total_mass(const TokenView& view, u64 cut, float most, float scale, SampleMemory& memory)
{
    const int lane = threadIdx.x % WarpSize, warp = threadIdx.x / WarpSize;
    int begin, end;
    warp_range(view.count, warp, begin, end);
    u64 sum = 0;
    for_each(view, begin, end, lane, WarpSize, [&](float logit, int i) { sum += in_play(logit, view.id(i), cut) ? mass(logit, most, scale) : 0; });
    sum = warp_total(sum, lane);
    __syncthreads();
    if (lane == 0) memory.sums[warp] = sum;
    __syncthreads();
    return warp_total(memory.sums[lane], lane);
}

// The first token by rising id at which the running mass passes the target; memory.sums are the warps' masses, of which
// the target is less than the total.
DEVICE int draw(const TokenView& view, u64 cut, float most, float scale, u64 target, SampleMemory& memory)
{
    const int lane = threadIdx.x % WarpSize, warp = threadIdx.x / WarpSize;
    const u64 warps = warp_prefix(memory.sums[lane], lane);
    const u64 after = shuffle64(warps, warp), before = warp == 0 ? 0 : shuffle64(warps, max(warp - 1, 0));
    if (before <= target && target < after)
    {
        int begin, end;
        warp_range(view.count, warp, begin, end);
        u64 sum = before;
        bool found = false;
        for (int start = begin; start < end && !found; start += WarpSize * Run)
        {
            float held[Run];
#pragma unroll
            for (int j = 0; j < Run; j++) held[j] = start + j * WarpSize + lane < end ? view.logits[start + j * WarpSize + lane] : -infinity();
#pragma unroll
            for (int j = 0; j < Run; j++)
            {
                const int i = start + j * WarpSize + lane;
                const u64 mine = i < end && in_play(held[j], view.id(i), cut) ? mass(held[j], most, scale) : 0;
                const u64 prefix = sum + warp_prefix(mine, lane);
                const u32 passed = __ballot_sync(AllLanes, prefix > target);
                sum = shuffle64(prefix, WarpSize - 1);
                if (!passed || found) continue;
                found = true;
                if (lane == __ffs((int)passed) - 1) memory.chosen = view.id(i);
            }
        }
    }

    __syncthreads();
    return memory.chosen;
}

// The key of the last token of the fewest first ones, in the order of keys, whose count (or mass) reaches the target. In a list
// each token's rank is counted.
template <bool ByMass> DEVICE u64 select_in_list(const TokenView& list, u64 cut, u64 target, float most, SampleMemory& memory)
{
    __syncthreads();
    if (threadIdx.x == 0) memory.found = ~0ull;
    __syncthreads();
    for (int i = threadIdx.x; i < list.count; i += SampleThreads)
    {
        const float logit = list.logits[i];
        const u64 key = sample_key(logit, list.ids[i]);
        if (key > cut) continue;
        u64 before = 0;
        for (int j = 0; j < list.count; j++)
            if (sample_key(list.logits[j], list.ids[j]) < key) before += ByMass ? mass(list.logits[j], most, 1.f) : 1;
        if (before < target && before + (ByMass ? mass(logit, most, 1.f) : 1) >= target) memory.found = key;
    }

    __syncthreads();
    return memory.found;
}

// The same in a whole row, by narrowing the range of keys to an eighth in each pass.
template <bool ByMass> DEVICE u64 select_in_row(const TokenView& row, u64 cut, u64 target, float most, SampleMemory& memory)
{
    const int lane = threadIdx.x % WarpSize, warp = threadIdx.x / WarpSize;
    u64 low = sample_key(most, 0), high = cut < sample_key(-infinity(), 0) ? cut : sample_key(-infinity(), 0);
    while (low < high)
    {
        const u64 step = (high - low) / Ways;
        u64 sums[Ways - 1] = {};
        for_each(row, 0, row.count, threadIdx.x, SampleThreads, [&](float logit, int i) {
            if (!in_play(logit, i, cut)) return;
            const u64 key = sample_key(logit, i), amount = ByMass ? mass(logit, most, 1.f) : 1;
#pragma unroll
            for (int j = 0; j < Ways - 1; j++) sums[j] += key <= low + j * step ? amount : 0;
        });
        __syncthreads();
#pragma unroll
        for (int j = 0; j < Ways - 1; j++)
        {
            const u64 sum = warp_total(sums[j], lane);
            if (lane == 0) memory.ways[warp][j] = sum;
        }

        __syncthreads();
        // The answer is the least key whose sum reaches the target: not below the greatest bound that falls short.
        u64 first = low, last = high;
#pragma unroll
        for (int j = Ways - 2; j >= 0; j--)
            if (warp_total(memory.ways[lane][j], lane) >= target) last = low + j * step;
#pragma unroll
        for (int j = 0; j < Ways - 1; j++)
            if (warp_total(memory.ways[lane][j], lane) < target && low + j * step < last) first = low + j * step + 1;
        low = first, high = last;
    }

    return high;
}

// A floor that at least k logits reach: the k-th greatest of the best logits of groups of threads.
DEVICE float floor_of(float top, int k, SampleMemory& memory)
{
    const int group = k <= 32 ? 8 : k <= 128 ? 4 : 1, groups = SampleThreads / group;
#pragma unroll
    for (int lanes = 1; lanes < 8; lanes <<= 1)
        if (lanes < group) top = fmaxf(top, __shfl_xor_sync(AllLanes, top, lanes));
    const int at = threadIdx.x / group;
    if (threadIdx.x % group == 0) memory.tops[at] = top;
    if (threadIdx.x == 0) memory.floor = -infinity();
    __syncthreads();
    // The threads of a group each compare with a part of the others.
    int before = 0;
    for (int i = threadIdx.x % group; i < groups; i += group)
    {
        const float other = memory.tops[i];
        before += other > top || (other == top && i < at);
    }

#pragma unroll
    for (int lanes = 1; lanes < 8; lanes <<= 1)
        if (lanes < group) before += __shfl_xor_sync(AllLanes, before, lanes);
    if (before == k - 1) memory.floor = top;
    __syncthreads();
    return memory.floor;
}

// The tokens whose logits are not less than a floor, by rising id, if they are few enough; else the whole row.
DEVICE TokenView gather(const TokenView& row, float floor, SampleMemory& memory)
{
    const int lane = threadIdx.x % WarpSize, warp = threadIdx.x / WarpSize;
    int begin, end, mine = 0;
    warp_range(row.count, warp, begin, end);
    for_each(row, begin, end, lane, WarpSize, [&](float logit, int) { mine += logit >= floor && logit > -infinity(); });
    u64 count = warp_total(mine, lane);
    __syncthreads();
    if (lane == 0) memory.sums[warp] = count;
    __syncthreads();
    const u64 warps = warp_prefix(memory.sums[lane], lane), total = shuffle64(warps, WarpSize - 1);
    if (total > ListLength) return row;
    int at = (int)(shuffle64(warps, warp) - count);
    for (int start = begin; start < end && count > 0; start += WarpSize * Run)
    {
        float held[Run];
#pragma unroll
        for (int j = 0; j < Run; j++) held[j] = start + j * WarpSize + lane < end ? row.logits[start + j * WarpSize + lane] : -infinity();
#pragma unroll
        for (int j = 0; j < Run; j++)
        {
            const bool keep = held[j] >= floor && held[j] > -infinity();
            const u32 lanes = __ballot_sync(AllLanes, keep);
            const int to = at + __popc(lanes & ((1u << lane) - 1));
            if (keep) memory.list[to] = held[j], memory.ids[to] = start + j * WarpSize + lane;
            at += __popc(lanes);
        }
    }

    __syncthreads();
    return {memory.list, memory.ids, (int)total};
}

// The greatest logit of the block and the least id that has it.
DEVICE void block_best(float& top, int& at, SampleMemory& memory)
{
    const int lane = threadIdx.x % WarpSize, warp = threadIdx.x / WarpSize;
    for (int round = 0; round < 2; round++)
    {
#pragma unroll
        for (int lanes = 16; lanes > 0; lanes >>= 1)
        {
            const float t = __shfl_xor_sync(AllLanes, top, lanes);
            const int i = __shfl_xor_sync(AllLanes, at, lanes);
            if (t > top || (t == top && i < at)) top = t, at = i;
        }

        if (round == 1) break;
        if (lane == 0) memory.tops[warp] = top, memory.positions[warp] = at;
        __syncthreads();
        top = memory.tops[lane], at = memory.positions[lane];
    }

    __syncthreads();
}

// SplitMix64's output function of seed and counter, twice: 53 bits in [0, 1).
DEVICE double uniform(u64 seed, u64 counter)
{
    u64 z = seed + 0x9E3779B97F4A7C15ull * (counter + 1);
#pragma unroll
    for (int i = 0; i < 2; i++)
    {
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
        z = (z ^ z >> 27) * 0x94D049BB133111EBull;
        z = (z ^ z >> 31) + seed;
    }

    return (double)(z >> 11) * (1.0 / 9007199254740992.0);
}

// What the filters leave of a row: a view that has all of it, and the greatest key that is still in play.
DEVICE TokenView filter(const TokenView& row, const SamplingRow& options, float top, float most, u64& cut, SampleMemory& memory)
{
    const bool by_count = options.top_k > 0 && options.top_k < row.count, by_mass = options.top_p < 1.f, by_depth = options.min_p > 0.f;
    const float depth = by_depth ? fminf(most + logf(options.min_p), most) : -infinity();
    TokenView view = row;
    float floor = -infinity();
    if (by_count && options.top_k <= SampleThreads) floor = floor_of(top, options.top_k, memory);
    else if (by_mass && !by_count) floor = floor_of(top, SampleThreads / 2, memory);
    if (by_depth && !by_mass) floor = fmaxf(floor, depth);
    if (floor > -infinity()) view = gather(row, floor, memory);
    if (by_count) cut = view.ids ? select_in_list<false>(view, cut, options.top_k, most, memory) : select_in_row<false>(view, cut, options.top_k, most, memory);
    if (by_mass)
    {
        const u64 total = total_mass(by_count ? view : row, cut, most, 1.f, memory);
        u64 target = (u64)((double)options.top_p * (double)total);
        target = target < 1 ? 1 : target;
        // Without top-k the list may lack some of what is needed.
        if (!by_count && view.ids && total_mass(view, cut, most, 1.f, memory) < target) view = row;
        cut = view.ids ? select_in_list<true>(view, cut, target, most, memory) : select_in_row<true>(view, cut, target, most, memory);
    }

    if (by_depth)
    {
        const u64 floor_key = sample_key(depth, 0xffffff);
        cut = floor_key < cut ? floor_key : cut;
    }

    return view;
}

// One block a row.
extern "C" __global__ void __launch_bounds__(SampleThreads) sample(const __grid_constant__ SampleArgs args)
{
    __shared__ SampleMemory memory;
    wait_for_inputs();
    const TokenView row = {args.logits + blockIdx.x * args.stride, nullptr, args.vocabulary};
    const SamplingRow options = args.options[blockIdx.x];
    float top = -infinity();
    int best = args.vocabulary;
    for_each(row, 0, row.count, threadIdx.x, SampleThreads, [&](float logit, int i) {
        if (logit > top) top = logit, best = i;
    });
    float most = top;
    block_best(most, best, memory);
    const float scale = 1.f / options.temperature;
    if (most == -infinity() || most == infinity() || scale == infinity())
    {
        if (threadIdx.x == 0) args.tokens[blockIdx.x] = most == -infinity() ? -1 : best;
        return;
    }

    u64 cut = ~0ull;
    const TokenView view = filter(row, options, top, most, cut, memory);
    const u64 total = total_mass(view, cut, most, scale, memory);
    const u64 target = (u64)(uniform(options.seed, options.counter) * (double)total);
    const int token = draw(view, cut, most, scale, target < total ? target : total - 1, memory);
    if (threadIdx.x == 0) args.tokens[blockIdx.x] = token;
}
