// Activations as the tensor-core kernels read them: 16-bit, in blocks of 64 columns; a block has a row of 128 bytes for
// each row of the batch, in which the eight chunks of 16 bytes are swizzled (chunk c of row r lies at c ^ (r & 7)), so
// that a tile of it is one bulk copy and free of bank conflicts. Columns are padded to a multiple of 128 with zeros.
#pragma once
#include "linear_base.cuh"

// Byte offset of a value; rows is the operand's number of rows, a multiple of 8.
INLINE long long OperandAt(int row, int column, int rows)
{
    int chunk = (column >> 3 & 7) ^ (row & 7);
    return ((long long)(column >> 6) * rows + row) * 128 + chunk * 16 + (column & 7) * 2;
}

// Stores a row's columns 2n and 2n + 1.
template <bool Bf16> INLINE void OperandStore(u8* operand, int row, int column, int rows, float low, float high)
{
    *(u32*)(operand + OperandAt(row, column, rows)) = Pair<Bf16>(low, high);
}

struct OperandArgs
{
    const float* x;  // [rows][columns], rows ldx apart
    u8* operand;
    long long ldx;
    int rows;        // of x
    int operandRows;
    int columns;
};

// Eight columns of a row of the operand to a thread; grid (chunks of 8 padded columns / block, rows).
template <bool Bf16> INLINE void OperandPut(const OperandArgs& args, const float* x)
{
    int column = (blockIdx.x * blockDim.x + threadIdx.x) * 8, row = blockIdx.y;
    if (column >= (args.columns + 127) / 128 * 128) return;
    float v[8];
#pragma unroll
    for (int i = 0; i < 8; i++) v[i] = column + i < args.columns ? x[column + i] : 0;
    *(uint4*)(args.operand + OperandAt(row, column, args.operandRows)) =
        make_uint4(Pair<Bf16>(v[0], v[1]), Pair<Bf16>(v[2], v[3]), Pair<Bf16>(v[4], v[5]), Pair<Bf16>(v[6], v[7]));
}

template <bool Bf16> INLINE void OperandFrom(const OperandArgs& args)
{
    WaitForInputs();
    LetNextStart();
    OperandPut<Bf16>(args, args.x + blockIdx.y * args.ldx);
}
