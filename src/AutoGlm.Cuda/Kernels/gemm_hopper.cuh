// y = x Wᵀ for many rows of x, on Hopper: a block makes 128 outputs of N rows. One warp copies (weights as they are
// packed, x as it lies in its operand); two warpgroups unpack weights to registers as the left operand of wgmma, a step
// ahead of the tensor cores.
#pragma once
#include "gemm.cuh"
#include "linear_wgmma.cuh"

#if LINEAR_WGMMA
template <class F, int N, int WStages, int XStages>
struct HopperGemm
{
    static const int WBytes = 8 * F::UnitBytes, XBytes = N * 128, Blocks = F::UnitK / 64;
    static const int BarrierBytes = 1024, MemoryBytes = 1024 + BarrierBytes + XStages * XBytes + WStages * WBytes;

    static_assert(GemmOutput<N>::Bytes <= MemoryBytes - 1024 - BarrierBytes, "the rings hold the output");

    const GemmArgs& args;
    GemmTile tile;
    u32 memory;          // shared, 1024-byte aligned: barriers, ring of x, ring of weights
    u8* memoryPointer;
    int firstUnit, lastUnit;

    INLINE u32 WFull(int i) const { return memory + i * 8; }
    INLINE u32 WEmpty(int i) const { return memory + 128 + i * 8; }
    INLINE u32 XFull(int i) const { return memory + 256 + i * 8; }
    INLINE u32 XEmpty(int i) const { return memory + 384 + i * 8; }
    INLINE u32 X(int i) const { return memory + BarrierBytes + i * XBytes; }
    INLINE u8* W(int i) const { return memoryPointer + BarrierBytes + XStages * XBytes + i * WBytes; }

    INLINE void Init() const
    {
        for (int i = 0; i < WStages; i++) { BarrierInit(WFull(i), 1); BarrierInit(WEmpty(i), 8); }
        for (int i = 0; i < XStages; i++) { BarrierInit(XFull(i), 1); BarrierInit(XEmpty(i), 8); }
        BarrierInitFence();
    }

    // One lane keeps both rings full. Weights may be read before the kernels before this one are done.
    INLINE void Produce() const
    {
        int tiles = min(8, args.tiles - tile.feature), rows = min(N, args.xRows - tile.row);
        int w = 0, wParity = 1, x = 0, xParity = 1;
        const u8* weights = args.weights + tile.matrix * args.matrixBytes + ((long long)tile.feature * args.units + firstUnit) * F::UnitBytes;
        const u8* from = args.x + ((long long)firstUnit * Blocks * args.xRows + tile.row) * 128;
        for (int unit = firstUnit; unit < lastUnit; unit++)
        {
            BarrierWait(WEmpty(w), wParity);
            BarrierExpect(WFull(w), tiles * F::UnitBytes);
            for (int i = 0; i < tiles; i++)
                CopyBulk(Shared(W(w)) + i * F::UnitBytes, weights + (long long)i * args.units * F::UnitBytes, F::UnitBytes, WFull(w));
            weights += F::UnitBytes;
            if (++w == WStages) { w = 0; wParity ^= 1; }
            if (unit == firstUnit) WaitForInputs();
            for (int block = 0; block < Blocks; block++)
            {
                BarrierWait(XEmpty(x), xParity);
                BarrierExpect(XFull(x), rows * 128);
                CopyBulk(X(x), from, rows * 128, XFull(x));
                from += (long long)args.xRows * 128;
                if (++x == XStages) { x = 0; xParity ^= 1; }
            }
        }
    }

    // A warpgroup's 64 outputs, its warps' 16 each.
    INLINE void Consume(int warp, int lane, float (&sums)[N / 2]) const
    {
        int w = 0, wParity = 0, x = 0, xParity = 0, previous = -1;
        u32 a[2][4][4];
        for (int unit = firstUnit; unit < lastUnit; unit++)
        {
            BarrierWait(WFull(w), wParity);
            const u8* weights = W(w) + warp * F::UnitBytes;
            F format;
            format.Open(weights, lane);
#pragma unroll
            for (int block = 0; block < Blocks; block++)
            {
#pragma unroll
                for (int step = 0; step < 4; step++) format.Step(weights, lane, block * 4 + step, a[block & 1][step]);
                BarrierWait(XFull(x), xParity);
                WarpgroupFence();
                u64 operand = SwizzledOperand(X(x));
#pragma unroll
                for (int step = 0; step < 4; step++) WarpgroupProduct<N, F::Bf16>::Add(sums, a[block & 1][step], operand + step * 2);
                WarpgroupCommit();
                WarpgroupWait<1>();
                if (previous >= 0 && lane == 0) BarrierArrive(XEmpty(previous));
                previous = x;
                if (++x == XStages) { x = 0; xParity ^= 1; }
            }
            __syncwarp();
            if (lane == 0) BarrierArrive(WEmpty(w));
            if (++w == WStages) { w = 0; wParity ^= 1; }
        }
        WarpgroupWait<0>();
    }

    static INLINE void Run(const GemmArgs& args)
    {
        extern __shared__ __align__(128) u8 raw[];
        u8* aligned = raw + (1024 - (Shared(raw) & 1023) & 1023);
        HopperGemm gemm = {args, GemmTile::At<N>(args), Shared(aligned), aligned, 0, 0};
        if (gemm.tile.matrix < 0) return;
        gemm.firstUnit = (int)((long long)args.units * gemm.tile.split / args.splits);
        gemm.lastUnit = (int)((long long)args.units * (gemm.tile.split + 1) / args.splits);
        if (threadIdx.x == 0) gemm.Init();
        __syncthreads();
        // One branch for each role: the copying warpgroup gives its registers to the others.
        int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
        if (warp >= 8)
        {
            asm volatile("setmaxnreg.dec.sync.aligned.u32 24;");
            if (threadIdx.x == 256) gemm.Produce();
        }
        else
        {
            asm volatile("setmaxnreg.inc.sync.aligned.u32 240;");
            float sums[N / 2];
#pragma unroll
            for (int i = 0; i < N / 2; i++) sums[i] = 0;
            gemm.Consume(warp, lane, sums);
            LetNextStart();
            WaitForInputs();
            if (args.splits == 1 || GemmGather<N>(args, gemm.tile, (u32*)(aligned + 512), sums))
            {
                GemmOutput<N> output = {args, gemm.tile, (float*)(aligned + BarrierBytes)};
                output.Write(sums, warp, lane);
            }
        }
    }
};
#endif
