using System.Runtime.InteropServices;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph;

namespace AutoGlm.Models.Weights;

/// <summary>A model's parameters as float32, whatever its file stores: the same values, in more memory.</summary>
public sealed class FullPrecisionWeights(IWeightSource source) : IWeightSource
{
    public string Location => source.Location;

    public bool Contains(string name) => source.Contains(name);

    public Tensor Get(string name) => new Decoded(source.Get(name));

    public void Dispose() => source.Dispose();

    private sealed class Decoded(Tensor tensor) : Tensor(tensor.Name, TensorType.F32, tensor.Shape)
    {
        public override ReadOnlySpan<byte> Rows(long first, int count)
        {
            float[] values = new float[checked(count * RowLength)];
            tensor.DecodeRows(first, count, values);
            return MemoryMarshal.AsBytes<float>(values);
        }

        public override void Prefetch() => tensor.Prefetch();

        public override void Discard() => tensor.Discard();
    }
}
