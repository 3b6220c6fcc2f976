using System.Runtime.InteropServices;
using AutoGlm.Cuda.Memory;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph.Execution;
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

/// <summary>An RMSNorm of whole rows that a matmul does itself.</summary>
/// <param name="Gain">Address of its gain; 0 for no norm.</param>
/// <param name="Normed">Where the rows go that are normed before the matmul after all; null for no norm.</param>
internal readonly record struct InputNorm(nint Gain, float Epsilon, Operand? Normed);

/// <summary>Norms of heads and their rotation, before attention.</summary>
/// <param name="Table">The rotation.</param>
/// <param name="Frequencies">As <see cref="Operations.RopeFrequencies"/> made them.</param>
/// <param name="QueryGain">Address of the gain of the query heads' norm; 0 for none.</param>
/// <param name="KeyGain">The same of the key heads.</param>
/// <param name="Query">Where the queries that come out go.</param>
internal sealed record HeadSteps(RopeTable Table, nint Frequencies, nint QueryGain, nint KeyGain, float Epsilon, Operand Query);

/// <summary>
/// The operations of graphs, each queued as one or more kernels. All results may lie where an input lies if that input is
/// as <see cref="Node.InPlace"/> says. Vectors of parameters are float32 in the card's memory; address 0 stands for none.
/// </summary>
internal abstract class Operations : IDisposable
{
    /// <summary>Called before a batch's steps are queued, or its graph replayed.</summary>
    /// <returns>True where captured graphs of earlier batches no longer hold.</returns>
    public virtual bool Begin(StepContext context, ForwardBatch batch) => false;

    /// <summary>Tiles of attention of the batch that was begun, rounded up, so that there are few different numbers; 0 where that means nothing.</summary>
    public virtual int Tiles => 0;

    /// <summary>What <see cref="Rope"/> finds at its frequencies' address.</summary>
    public virtual byte[] RopeFrequencies(RopeTable table) => MemoryMarshal.AsBytes<float>(table.InverseFrequencies).ToArray();

    public virtual void Dispose()
    {
    }

    /// <summary>Brings a parameter [.., outputs, inputs] to the card.</summary>
    /// <param name="tensor">The parameter.</param>
    /// <param name="gated">True where it is the rows of a gate and then as many of an up projection, for <see cref="GatedMatMul"/>.</param>
    /// <param name="table">True where <see cref="Embed"/> reads rows of it; that of -1, for a token that could not be chosen, need not mean anything.</param>
    /// <param name="uploader">Brings it.</param>
    public abstract DeviceMatrix LoadMatrix(Tensor tensor, bool gated, bool table, WeightUploader uploader);

    /// <summary>True where products by matrices of a type can norm what they read, and gate what they make.</summary>
    public virtual bool Fuses(TensorType type) => false;

    public abstract void Embed(StepContext context, DeviceMatrix table, Operand y);

    public abstract void SelectRows(StepContext context, Operand x, Operand y);

    /// <summary>Makes a value ready for the matmuls that read it; they follow before it is overwritten.</summary>
    /// <param name="norm">What they norm it by first.</param>
    public virtual void Prepare(StepContext context, DeviceMatrix matrix, Operand x, InputNorm norm)
    {
    }

    public abstract void MatMul(StepContext context, DeviceMatrix matrix, Operand x, InputNorm norm, nint bias, Operand? addend, Operand y);

    /// <summary>y = silu(x Gateᵀ) x Upᵀ.</summary>
    public virtual void GatedMatMul(StepContext context, DeviceMatrix matrix, Operand x, InputNorm norm, Operand y) => throw new NotSupportedException();

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
    /// <param name="heads">What is done with queries and keys before; null for nothing. Only where <see cref="FusesHeads"/>.</param>
    public abstract void Attention(StepContext context, AttentionShape shape, Operand q, Operand k, Operand? v, HeadSteps? heads, nint sinks, Operand y);

    /// <summary>True where <see cref="Attention"/> norms and rotates heads itself.</summary>
    public virtual bool FusesHeads => false;
}
