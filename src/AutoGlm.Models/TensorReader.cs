using AutoGlm.Formats;
using AutoGlm.Formats.Quantization;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph;

namespace AutoGlm.Models;

/// <summary>Small tensors as float arrays.</summary>
public static class TensorReader
{
    private const long MostValues = 1 << 28;

    /// <summary>All values of a tensor, decoded.</summary>
    /// <exception cref="ModelFormatException">It holds over 2^28 values.</exception>
    public static float[] ReadAll(Tensor tensor, string location)
    {
        if (tensor.Length > MostValues) throw new ModelFormatException(location, tensor.Name, $"{tensor.Length} values are too many to decode at once");
        float[] values = new float[tensor.Length];
        BlockFormat format = BlockFormats.Get(tensor.Type);
        int rowLength = (int)tensor.RowLength;
        for (long row = 0; row < tensor.RowCount; row++) format.Decode(tensor.Rows(row, 1), values.AsSpan((int)(row * rowLength), rowLength));
        return values;
    }

    /// <summary>A tensor of one dimension.</summary>
    public static float[] ReadVector(IWeightSource weights, string name)
    {
        Tensor tensor = weights.Get(name);
        if (tensor.RowCount != 1) throw new ModelFormatException(weights.Location, name, $"should have one dimension, has shape [{string.Join(", ", tensor.Shape)}]");
        return ReadAll(tensor, weights.Location);
    }
}
