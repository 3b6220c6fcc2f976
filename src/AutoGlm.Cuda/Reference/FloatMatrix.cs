using AutoGlm.Cuda.Memory;
using AutoGlm.Cuda.Plan;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cuda.Reference;

/// <summary>Matrices as float32, whatever the file holds.</summary>
internal sealed class FloatMatrix : DeviceMatrix
{
    private readonly DeviceBuffer _values;

    public FloatMatrix(Tensor tensor, WeightUploader uploader)
        : base((int)(tensor.RowCount / tensor.Shape[^2]), (int)tensor.Shape[^2], (int)tensor.RowLength)
    {
        _values = new DeviceBuffer(uploader.Device, tensor.Length * sizeof(float), tensor.Name);
        uploader.Floats(tensor, 0, tensor.RowCount, _values.Address);
    }

    public nint Values => _values.Address;

    public override long Bytes => _values.Bytes;

    public override void Dispose() => _values.Dispose();
}
