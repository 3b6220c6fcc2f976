using AutoGlm.Cuda.Memory;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Cuda.Plan;

/// <summary>Functions of elements, by the numbers that kernels know.</summary>
internal enum ElementFunction
{
    Add,
    Multiply,
    Scale,
    SoftCap,
    Silu,
    GeluTanh,
    Gelu,
    SiluGated,
    GeluTanhGated,
    GeluGated,
    ClampedSwiGlu,
}

/// <summary>
/// The operations of graphs, each queued as one or more kernels. All results may lie where an input lies if that input is
/// as <see cref="Node.InPlace"/> says. Vectors of parameters are float32 in the card's memory; address 0 stands for none.
/// </summary>
internal abstract class Operations
{
    /// <summary>Brings a parameter [.., outputs, inputs] to the card.</summary>
    public abstract DeviceMatrix LoadMatrix(Tensor tensor, WeightUploader uploader);

    public abstract void Embed(StepContext context, DeviceMatrix table, Operand y);

    public abstract void SelectRows(StepContext context, Operand x, Operand y);

    /// <summary>Makes a value ready for the matmuls that read it; they follow before it is overwritten.</summary>
    public virtual void Prepare(StepContext context, DeviceMatrix matrix, Operand x)
    {
    }

    public abstract void MatMul(StepContext context, DeviceMatrix matrix, Operand x, nint bias, Operand? addend, Operand y);

    public abstract void HeadMatMul(StepContext context, DeviceMatrix matrix, Operand x, Operand y);

    public abstract void ExpertMatMul(StepContext context, DeviceMatrix matrix, Operand x, Operand routing, int used, nint bias, Operand y);

    public abstract void ExpertSum(StepContext context, Operand x, Operand routing, int used, Operand y);

    public abstract void Route(StepContext context, RouterShape shape, Operand x, nint selectionBias, Operand y);

    public abstract void RmsNorm(StepContext context, Operand x, nint gain, float epsilon, int group, Operand y);

    /// <summary>y = f(a, b); functions of one variable have no b.</summary>
    public abstract void Elements(StepContext context, ElementFunction function, Operand a, Operand? b, Operand y, float p = 0, float r = 0);

    /// <summary>Copies columns of each group of each row.</summary>
    public abstract void CopyGroups(StepContext context, int groups, int width, Operand x, int xOffset, Operand y, int yOffset);

    public abstract void Rope(StepContext context, Operand x, int headSize, RopeTable table, nint frequencies, Operand y);

    /// <summary>Stores keys and values in the blocks, then attends.</summary>
    public abstract void Attention(StepContext context, AttentionShape shape, Operand q, Operand k, Operand? v, nint sinks, Operand y);
}
