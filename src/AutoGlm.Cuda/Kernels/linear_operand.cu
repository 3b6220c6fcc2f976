#include "linear_operand.cuh"

extern "C" __global__ void operand_f16(const __grid_constant__ OperandArgs args) { OperandFrom<false>(args); }
extern "C" __global__ void operand_bf16(const __grid_constant__ OperandArgs args) { OperandFrom<true>(args); }
