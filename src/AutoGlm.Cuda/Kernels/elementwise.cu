// Functions of elements, and copies of columns and rows.
#include "outputs.cuh"

struct ElementArgs
{
    const float* a;
    const float* b;     // not read by functions of one variable
    void* y;            // may be a or b where its type is float
    int a_stride, b_stride, y_stride, width; // y_stride is an operand's number of rows
    float p, r;         // the function's constants
};

DEVICE float sigmoid(float x) { return 1.f / (1.f + expf(-x)); }
DEVICE float silu(float x) { return x * sigmoid(x); }
DEVICE float gelu_tanh(float x) { return 0.5f * x * (1.f + tanhf(0.7978845608f * (x + 0.044715f * x * x * x))); }
DEVICE float gelu(float x) { return 0.5f * x * (1.f + erff(x * 0.70710678118f)); }

#define FUNCTION(Name, Binary, Expression)                                                                  \
    struct Name                                                                                             \
    {                                                                                                       \
        static constexpr bool Two = Binary;                                                                 \
        DEVICE static float of(float a, float b, float p, float r) { return Expression; }                   \
    };

FUNCTION(AddOf, true, a + b)
FUNCTION(MultiplyOf, true, a* b)
FUNCTION(ScaleOf, false, a* p)
FUNCTION(SoftCapOf, false, p* tanhf(a / p))
FUNCTION(SiluOf, false, silu(a))
FUNCTION(GeluTanhOf, false, gelu_tanh(a))
FUNCTION(GeluOf, false, gelu(a))
FUNCTION(SiluGatedOf, true, silu(a) * b)
FUNCTION(GeluTanhGatedOf, true, gelu_tanh(a) * b)
FUNCTION(GeluGatedOf, true, gelu(a) * b)

// p is alpha and r the limit.
struct ClampedSwiGluOf
{
    static constexpr bool Two = true;
    DEVICE static float of(float a, float b, float p, float r)
    {
        float gate = fminf(a, r), up = fminf(fmaxf(b, -r), r);
        return (up + 1.f) * gate * sigmoid(p * gate);
    }
};

// Four columns a thread where all four are there and aligned, the grid's y counting rows.
template <class Function, class Out> DEVICE void elementwise(const ElementArgs& args)
{
    wait_for_inputs();
    const i64 row = blockIdx.y;
    const int c = (blockIdx.x * blockDim.x + threadIdx.x) * 4;
    if (c >= args.width) return;
    const float* a = args.a + row * args.a_stride + c;
    const float* b = Function::Two ? args.b + row * args.b_stride + c : a;
    const bool whole = c + 4 <= args.width && ((u64)a | (u64)b) % 16 == 0 && (u64)args.y % 16 == 0 && args.y_stride % 4 == 0;
    if (whole)
    {
        float4 x = *(const float4*)a, z = Function::Two ? *(const float4*)b : x;
        float4 y = make_float4(Function::of(x.x, z.x, args.p, args.r), Function::of(x.y, z.y, args.p, args.r), Function::of(x.z, z.z, args.p, args.r), Function::of(x.w, z.w, args.p, args.r));
        Out::store4(args.y, row, args.y_stride, c, y);
    }
    else
    {
        for (int i = 0; i < 4 && c + i < args.width; i++)
            Out::store(args.y, row, args.y_stride, c + i, Function::of(a[i], Function::Two ? b[i] : 0.f, args.p, args.r));
    }
}

#define ELEMENTWISE(name, Function)                                                                                      \
    extern "C" __global__ void name##_f32(const __grid_constant__ ElementArgs args) { elementwise<Function, Single>(args); }

#define ELEMENTWISE_SHORT(name, Function)                                                                                \
    ELEMENTWISE(name, Function)                                                                                          \
    extern "C" __global__ void name##_f16(const __grid_constant__ ElementArgs args) { elementwise<Function, Short<Half16>>(args); }         \
    extern "C" __global__ void name##_bf16(const __grid_constant__ ElementArgs args) { elementwise<Function, Short<Brain16>>(args); }       \
    extern "C" __global__ void name##_operand_f16(const __grid_constant__ ElementArgs args) { elementwise<Function, Operand<Half16>>(args); } \
    extern "C" __global__ void name##_operand_bf16(const __grid_constant__ ElementArgs args) { elementwise<Function, Operand<Brain16>>(args); }

ELEMENTWISE(add, AddOf)
ELEMENTWISE(multiply, MultiplyOf)
ELEMENTWISE(scale, ScaleOf)
ELEMENTWISE(soft_cap, SoftCapOf)
ELEMENTWISE(silu, SiluOf)
ELEMENTWISE(gelu_tanh, GeluTanhOf)
ELEMENTWISE(gelu, GeluOf)
ELEMENTWISE_SHORT(silu_gated, SiluGatedOf)
ELEMENTWISE_SHORT(gelu_tanh_gated, GeluTanhGatedOf)
ELEMENTWISE_SHORT(gelu_gated, GeluGatedOf)
ELEMENTWISE_SHORT(clamped_swiglu, ClampedSwiGluOf)

struct CopyArgs
{
    const float* x;
    float* y;
    const int* rows;                              // [rows] the row of x for each row of y, or null for the same
    int x_stride, y_stride;
    int groups, x_group, y_group, x_offset, y_offset; // a row is `groups` groups of columns, `x_group` apart in x
    int width;                                    // columns copied of each group
};

// Slices, concatenations and the choice of rows: the grid's y counts rows of y.
extern "C" __global__ void copy_columns(const __grid_constant__ CopyArgs args)
{
    wait_for_inputs();
    const i64 to = blockIdx.y, from = args.rows ? args.rows[to] : to;
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= args.groups * args.width) return;
    const int group = i / args.width, c = i % args.width;
    args.y[to * args.y_stride + group * args.y_group + args.y_offset + c] = args.x[from * args.x_stride + group * args.x_group + args.x_offset + c];
}
