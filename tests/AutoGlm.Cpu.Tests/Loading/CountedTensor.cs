using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cpu.Tests.Loading;

/// <summary>A tensor that knows whether it was read.</summary>
internal sealed class CountedTensor(Tensor tensor) : Tensor(tensor.Name, tensor.Type, tensor.Shape)
{
    private int _reads;

    public int Reads => _reads;

    public override ReadOnlySpan<byte> Rows(long first, int count)
    {
        Interlocked.Increment(ref _reads);
        return tensor.Rows(first, count);
    }
}
