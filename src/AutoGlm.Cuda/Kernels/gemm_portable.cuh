// y = x Wᵀ for many rows of x, on anything since Ampere: mma.sync fed by asynchronous copies. Eight warps unpack a tile
// of 16 outputs each and meet the same N rows of x.
#pragma once
#include "gemm.cuh"

template <class F, int N>
struct PortableGemm
{
    static const int WStages = 2, XStages = 3, WBytes = 8 * F::UnitBytes, XBytes = N * 128, Blocks = F::UnitK / 64;
    static const int RingBytes = XStages * XBytes + WStages * WBytes, MemoryBytes = RingBytes + 16;
    static_assert(GemmOutput<N>::Bytes <= RingBytes, "the rings hold the output");

    const GemmArgs& args;
    GemmTile tile;
    u8* memory;
    int firstUnit, lastUnit;

    INLINE u8* X(int block) const { return memory + block % XStages * XBytes; }
    INLINE u8* W(int unit) const { return memory + XStages * XBytes + unit % WStages * WBytes; }

    INLINE void CopyWeights(int unit) const
    {
        if (unit >= lastUnit - firstUnit) return;
        const int chunks = F::UnitBytes / 16;
        int tiles = min(8, args.tiles - tile.feature);
        const u8* from = args.weights + tile.matrix * args.matrixBytes + ((long long)tile.feature * args.units + firstUnit + unit) * F::UnitBytes;
        u32 to = Shared(W(unit));
        for (int i = threadIdx.x; i < tiles * chunks; i += 256)
            CopyAsync16(to + i * 16, from + (long long)(i / chunks) * args.units * F::UnitBytes + i % chunks * 16);
    }

    INLINE void CopyX(int block) const
    {
        if (block >= (lastUnit - firstUnit) * Blocks) return;
        int rows = min(N, args.xRows - tile.row);
        const u8* from = args.x + ((long long)(firstUnit * Blocks + block) * args.xRows + tile.row) * 128;
        u32 to = Shared(X(block));
        for (int i = threadIdx.x; i < rows * 8; i += 256) CopyAsync16(to + i * 16, from + i * 16);
    }

    // Right operands of one step for 16 rows of x: two for each eight rows.
    static INLINE void Load(u32 x, int step, int row, int lane, u32 (&b)[4])
    {
        int r = row + (lane & 7) + (lane >> 4) * 8, chunk = (step * 2 + (lane >> 3 & 1)) ^ (r & 7);
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
            : "=r"(b[0]), "=r"(b[1]), "=r"(b[2]), "=r"(b[3]) : "r"(x + r * 128 + chunk * 16) : "memory");
    }

    INLINE void Consume(int warp, int lane, float (&sums)[N / 2]) const
    {
        CopyWeights(0);
        CopyX(0);
        CopyCommit();
        CopyX(1);
        CopyCommit();
        for (int unit = 0; unit < lastUnit - firstUnit; unit++)
        {
            const u8* weights = W(unit) + warp * F::UnitBytes;
            F format;
#pragma unroll
            for (int block = 0; block < Blocks; block++)
            {
                int at = unit * Blocks + block;
                CopyWait<1>();
                __syncthreads();
                CopyX(at + 2);
                if (block == 0)
                {
                    CopyWeights(unit + 1);
                    format.Open(weights, lane);
                }
                CopyCommit();
                u32 x = Shared(X(at));
#pragma unroll
                for (int step = 0; step < 4; step++)
                {
                    u32 a[4], b[4];
                    format.Step(weights, lane, block * 4 + step, a);
#pragma unroll
                    for (int row = 0; row < N; row += 16)
                    {
                        Load(x, step, row, lane, b);
                        Multiply<F::Bf16>(*(float(*)[4])(sums + row / 2), a, b[0], b[1]);
                        Multiply<F::Bf16>(*(float(*)[4])(sums + row / 2 + 4), a, b[2], b[3]);
                    }
                }
            }
        }
    }

    static INLINE void Run(const GemmArgs& args)
    {
        extern __shared__ __align__(128) u8 memory[];
        PortableGemm gemm = {args, GemmTile::At<N>(args), memory, 0, 0};
        if (gemm.tile.matrix < 0) return;
        gemm.firstUnit = (int)((long long)args.units * gemm.tile.split / args.splits);
        gemm.lastUnit = (int)((long long)args.units * (gemm.tile.split + 1) / args.splits);
        int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
        float sums[N / 2];
#pragma unroll
        for (int i = 0; i < N / 2; i++) sums[i] = 0;
        WaitForInputs();
        gemm.Consume(warp, lane, sums);
        LetNextStart();
        if (args.splits > 1 && !GemmGather<N>(args, gemm.tile, (u32*)(memory + RingBytes), sums)) return;
        GemmOutput<N> output = {args, gemm.tile, (float*)memory};
        output.Write(sums, warp, lane);
    }
};
