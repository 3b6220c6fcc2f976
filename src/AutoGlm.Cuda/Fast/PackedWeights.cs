using AutoGlm.Cuda.Linear;
using AutoGlm.Cuda.Memory;
using AutoGlm.Cuda.Plan;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cuda.Fast;

/// <summary>A parameter's matrices as the fast kernels read them.</summary>
internal sealed class PackedWeights : DeviceMatrix
{
    /// <summary>The forms of operands: of bfloat16, and of halves.</summary>
    public const int BrainForm = 1, HalfForm = 2;

    private PackedWeights(PackedMatrix packed)
        : base(packed.Matrices, packed.Outputs, packed.Inputs) => Packed = packed;

    public PackedMatrix Packed { get; }

    public override int InputForm => Packed.Format == PackedFormat.Single ? 0 : Packed.Format.BFloat16 ? BrainForm : HalfForm;

    public override long Bytes => Packed.Bytes;

    /// <summary>Brings a tensor [.., outputs, inputs] to the card and packs it there.</summary>
    /// <param name="tensor">The tensor; where <paramref name="gated"/>, the gate's rows and then as many of the up projection.</param>
    /// <param name="gated">True to pack it for products silu(gate) up.</param>
    /// <param name="table">True where tokens' rows are read from it.</param>
    public static PackedWeights Load(Tensor tensor, bool gated, bool table, WeightUploader uploader, LinearKernels kernels)
    {
        PackedFormat format = PackedFormat.Get(tensor.Type);
        int rows = (int)tensor.Shape[^2], matrices = (int)(tensor.RowCount / rows);
        PackedMatrix packed = new(uploader.Device, format, matrices, gated ? rows / 2 : rows, (int)tensor.RowLength, gated, tensor.Name, table);
        PackedWeights weights = new(packed);
        try
        {
            for (int i = 0; i < matrices; i++)
            {
                int matrix = i;
                if (gated) PackGated(tensor, packed, uploader, kernels);
                else uploader.Parts(tensor, (long)i * rows, rows, PackedFormat.TileRows, (first, count, source) => kernels.Pack(uploader.Stream, packed, matrix, (int)first, count, source));
            }

            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    public override void Dispose() => Packed.Dispose();

    /// <summary>The up projection's rows wait on the card for the gate's.</summary>
    private static void PackGated(Tensor tensor, PackedMatrix packed, WeightUploader uploader, LinearKernels kernels)
    {
        long rowBytes = packed.SourceRowBytes;
        using DeviceBuffer up = new(uploader.Device, packed.Outputs * rowBytes, tensor.Name + " while it is packed");
        uploader.Rows(tensor, packed.Outputs, packed.Outputs, up.Address);
        uploader.Parts(tensor, 0, packed.Outputs, PackedFormat.TileRows, (first, count, source) =>
            kernels.Pack(uploader.Stream, packed, 0, (int)first, count, source, up.Address + (nint)(first * rowBytes)));
        uploader.Finish();
    }
}
