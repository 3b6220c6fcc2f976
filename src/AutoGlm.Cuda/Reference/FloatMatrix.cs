using AutoGlm.Cuda.Memory;
using AutoGlm.Cuda.Plan;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cuda.Reference;

/// <summary>Matrices as float32, whatever the file holds.</summary>
internal sealed class FloatMatrix : DeviceMatrix
{
    private readonly DeviceBuffer _values;
    private readonly long _before;

    public FloatMatrix(Tensor tensor, bool table, WeightUploader uploader)
        : base((int)(tensor.RowCount / tensor.Shape[^2]), (int)tensor.Shape[^2], (int)tensor.RowLength)
    {
        // Read as row -1, as in PackedMatrix.
        _before = table ? DeviceBuffer.Align(tensor.RowLength * sizeof(float)) : 0;
        _values = new DeviceBuffer(uploader.Device, _before + tensor.Length * sizeof(float), tensor.Name);
        uploader.Floats(tensor, 0, tensor.RowCount, Values);
    }

    public nint Values => _values.Address + (nint)_before;

    public override long Bytes => _values.Bytes - _before;

    public override void Dispose() => _values.Dispose();
}
