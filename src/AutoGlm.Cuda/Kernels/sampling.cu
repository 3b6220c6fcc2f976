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

constexpr int SampleThreads = 1024, SampleWarps = SampleThreads / WarpSize, DepthBins = 2048, ListLength = 2048;
constexpr float BinsPerUnit = 64, MassUnit = 1099511627776.f;

struct SampleMemory
{
    u32 counts[DepthBins];
    u64 masses[DepthBins];
    float list[ListLength];
    int ids[ListLength];
    u64 sums[SampleWarps];
    float tops[SampleWarps];
    int positions[SampleWarps];
    u64 found;
    u64 left;
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

// Rising with falling logits and, of equal logits, with rising ids.
DEVICE u64 sample_key(float logit, int id)
{
    u32 bits = (u32)__float_as_int(logit == 0.f ? 0.f : logit);
    u32 rising = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
    return (u64)~rising << 32 | (u32)id;
}

DEVICE u64 mass(float logit, float most, float scale) { return (u64)(expf((logit - most) * scale) * MassUnit); }

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
        u64 other = shuffle64(x, max(lane - lanes, 0));
        if (lane >= lanes) x += other;
    }

    return x;
}

// The sum over the block, in all threads.
DEVICE u64 block_total(u64 x, SampleMemory& memory)
{
    const int lane = threadIdx.x % WarpSize, warp = threadIdx.x / WarpSize;
    x = warp_prefix(x, lane);
    __syncthreads();
    if (lane == WarpSize - 1) memory.sums[warp] = x;
    __syncthreads();
    return shuffle64(warp_prefix(memory.sums[lane], lane), WarpSize - 1);
}

// The greatest logit and the least id that has it.
DEVICE void block_best(float& top, int& at, SampleMemory& memory)
{
    const int lane = threadIdx.x % WarpSize, warp = threadIdx.x / WarpSize;
    for (int round = 0; round < 2; round++)
    {
#pragma unroll
        for (int lanes = 16; lanes > 0; lanes >>= 1)
        {
            float t = __shfl_xor_sync(AllLanes, top, lanes);
            int i = __shfl_xor_sync(AllLanes, at, lanes);
            if (t > top || (t == top && i < at)) top = t, at = i;
        }

        if (round == 1) break;
        if (lane == 0) memory.tops[warp] = top, memory.positions[warp] = at;
        __syncthreads();
        top = memory.tops[lane], at = memory.positions[lane];
    }
}

// Of `bins` bins: the first at which the running sum reaches the target. One warp; leaves bin and what the bin must still give.
template <class Sum> DEVICE void find_bin(const Sum* bins, int count, u64 target, int lane, SampleMemory& memory)
{
    const int each = count / WarpSize;
    u64 sum = 0;
    for (int i = 0; i < each; i++) sum += bins[lane * each + i];
    u64 before = warp_prefix(sum, lane) - sum;
    bool mine = before < target && before + sum >= target;
    u32 lanes = __ballot_sync(AllLanes, mine);
    if (mine)
    {
        int i = 0;
        for (; before + bins[lane * each + i] < target; i++) before += bins[lane * each + i];
        memory.found = lane * each + i, memory.left = target - before;
    }
    else if (lanes == 0 && lane == 0) memory.found = count - 1, memory.left = 1;
}

// The key of the last token of the fewest first ones, in the order of keys, whose count (or mass) reaches the target: a radix
// selection, eight bits at a time.
template <bool ByMass> DEVICE u64 select(const TokenView& view, u64 cut, u64 target, float most, SampleMemory& memory)
{
    u64 prefix = 0;
    for (int shift = 56; shift >= 0; shift -= 8)
    {
        // Ids have 24 bits at most.
        if (shift == 24) { prefix <<= 8; continue; }
        __syncthreads();
        for (int i = threadIdx.x; i < 256; i += SampleThreads) memory.masses[i] = 0;
        __syncthreads();
        for (int i = threadIdx.x; i < view.count; i += SampleThreads)
        {
            float logit = view.logits[i];
            int id = view.id(i);
            u64 key = sample_key(logit, id);
            if (!in_play(logit, id, cut) || (shift < 56 && key >> (shift + 8) != prefix)) continue;
            atomicAdd(&memory.masses[key >> shift & 255], ByMass ? mass(logit, most, 1.f) : 1ull);
        }

        __syncthreads();
        if (threadIdx.x < WarpSize) find_bin(memory.masses, 256, target, threadIdx.x, memory);
        __syncthreads();
        prefix = prefix << 8 | memory.found;
        target = memory.left;
    }

    return prefix;
}

DEVICE u64 total_mass(const TokenView& view, u64 cut, float most, float scale, SampleMemory& memory)
{
    u64 sum = 0;
    for (int i = threadIdx.x; i < view.count; i += SampleThreads)
        if (in_play(view.logits[i], view.id(i), cut)) sum += mass(view.logits[i], most, scale);
    return block_total(sum, memory);
}

// Counts tokens by how far they are below the best, and gathers those that the filters may keep, if they are few enough.
DEVICE TokenView gather(const float* logits, int vocabulary, const SamplingRow& row, float most, SampleMemory& memory)
{
    const int lane = threadIdx.x % WarpSize, warp = threadIdx.x / WarpSize;
    TokenView all = {logits, nullptr, vocabulary};
    const bool by_count = row.top_k > 0 && row.top_k < vocabulary, by_mass = row.top_p < 1.f;
    if (!by_count && !by_mass && row.min_p <= 0.f) return all;
    for (int i = threadIdx.x; i < DepthBins; i += SampleThreads) memory.counts[i] = 0, memory.masses[i] = 0;
    __syncthreads();
    auto bin_of = [&](float logit) { return (int)fminf((most - logit) * BinsPerUnit, DepthBins - 1.f); };
    for (int i = threadIdx.x; i < vocabulary; i += SampleThreads)
    {
        float logit = logits[i];
        if (!(logit > -infinity())) continue;
        atomicAdd(&memory.counts[bin_of(logit)], 1u);
        if (by_mass) atomicAdd(&memory.masses[bin_of(logit)], mass(logit, most, 1.f));
    }

    __syncthreads();
    int last = DepthBins - 1;
    if (by_count)
    {
        if (warp == 0) find_bin(memory.counts, DepthBins, row.top_k, lane, memory);
        __syncthreads();
        last = (int)memory.found;
    }
    else if (by_mass)
    {
        // Without top-k the whole row's mass is known here. One bin more makes up for rounding.
        u64 sum = 0;
        for (int i = threadIdx.x; i < DepthBins; i += SampleThreads) sum += memory.masses[i];
        sum = block_total(sum, memory);
        if (warp == 0) find_bin(memory.masses, DepthBins, (u64)((double)row.top_p * (double)sum) + 1, lane, memory);
        __syncthreads();
        last = min((int)memory.found + 1, DepthBins - 1);
    }

    if (row.min_p > 0.f && !by_mass) last = min(last, (int)fminf(-logf(row.min_p) * BinsPerUnit + 1.f, DepthBins - 1.f));
    u64 kept = 0;
    for (int i = threadIdx.x; i <= last; i += SampleThreads) kept += memory.counts[i];
    if (block_total(kept, memory) > ListLength) return all;

    int filled = 0;
    for (int start = 0; start < vocabulary; start += SampleThreads)
    {
        int i = start + threadIdx.x;
        float logit = i < vocabulary ? logits[i] : -infinity();
        bool keep = logit > -infinity() && bin_of(logit) <= last;
        u32 lanes = __ballot_sync(AllLanes, keep);
        if (lane == 0) memory.positions[warp] = __popc(lanes);
        if (!__syncthreads_or(keep)) continue;
        int before = 0, total = 0;
        for (int w = 0; w < SampleWarps; w++)
        {
            int n = memory.positions[w];
            before += w < warp ? n : 0, total += n;
        }

        if (keep)
        {
            int at = filled + before + __popc(lanes & ((1u << lane) - 1));
            memory.list[at] = logit, memory.ids[at] = i;
        }

        filled += total;
        __syncthreads();
    }

    __syncthreads();
    return {memory.list, memory.ids, filled};
}

// The first token by rising id at which the running mass passes the target.
DEVICE int draw(const TokenView& view, u64 cut, float most, float scale, u64 target, SampleMemory& memory)
{
    const int lane = threadIdx.x % WarpSize, warp = threadIdx.x / WarpSize;
    u64 before = 0;
    for (int start = 0; start < view.count; start += SampleThreads)
    {
        int i = start + threadIdx.x;
        bool real = i < view.count && in_play(view.logits[i], view.id(i), cut);
        u64 mine = real ? mass(view.logits[i], most, scale) : 0, prefix = warp_prefix(mine, lane);
        __syncthreads();
        if (lane == WarpSize - 1) memory.sums[warp] = prefix;
        __syncthreads();
        u64 warps = warp_prefix(memory.sums[lane], lane), total = shuffle64(warps, WarpSize - 1);
        u64 first = before + (warp == 0 ? 0 : shuffle64(warps, max(warp - 1, 0))) + prefix - mine;
        if (target < before + total)
        {
            if (first <= target && target < first + mine) memory.chosen = view.id(i);
            __syncthreads();
            return memory.chosen;
        }

        before += total;
    }

    return -1;
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

// One block a row.
extern "C" __global__ void __launch_bounds__(SampleThreads) sample(const SampleArgs args)
{
    __shared__ SampleMemory memory;
    const float* logits = args.logits + blockIdx.x * args.stride;
    const SamplingRow row = args.options[blockIdx.x];
    float most = -infinity();
    int best = args.vocabulary;
#pragma unroll 4
    for (int i = threadIdx.x; i < args.vocabulary; i += SampleThreads)
        if (logits[i] > most) most = logits[i], best = i;
    block_best(most, best, memory);
    const float scale = 1.f / row.temperature;
    if (most == -infinity() || most == infinity() || scale == infinity())
    {
        if (threadIdx.x == 0) args.tokens[blockIdx.x] = most == -infinity() ? -1 : best;
        return;
    }

    const TokenView view = gather(logits, args.vocabulary, row, most, memory);
    u64 cut = ~0ull;
    if (row.top_k > 0 && row.top_k < args.vocabulary) cut = select<false>(view, cut, row.top_k, most, memory);
    if (row.top_p < 1.f)
    {
        u64 target = (u64)((double)row.top_p * (double)total_mass(view, cut, most, 1.f, memory));
        cut = select<true>(view, cut, target < 1 ? 1 : target, most, memory);
    }

    if (row.min_p > 0.f)
    {
        u64 floor = sample_key(fminf(most + logf(row.min_p), most), -1);
        cut = floor < cut ? floor : cut;
    }

    const u64 total = total_mass(view, cut, most, scale, memory);
    u64 target = (u64)(uniform(row.seed, row.counter) * (double)total);
    const int token = draw(view, cut, most, scale, target < total ? target : total - 1, memory);
    if (threadIdx.x == 0) args.tokens[blockIdx.x] = token;
}
