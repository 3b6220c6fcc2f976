using System.Buffers.Binary;
using System.Runtime.InteropServices;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cli.Inspection;

/// <summary>Reads tensors of any size as float32, a piece at a time.</summary>
internal static class TensorValues
{
    private const int PieceLength = 1 << 16;

    /// <summary>Gets a piece of consecutive values.</summary>
    public delegate void Reader(ReadOnlySpan<float> values);

    /// <summary>Gives all values, row-major, in pieces.</summary>
    public static void Read(Tensor tensor, Reader reader)
    {
        if (tensor.RowLength == 0) return;
        int rows = (int)Math.Clamp(PieceLength / tensor.RowLength, 1, PieceLength);
        int blockLength = tensor.Format.BlockLength, blockBytes = tensor.Format.BlockBytes;
        float[] values = new float[PieceLength / blockLength * blockLength];
        for (long row = 0; row < tensor.RowCount; row += rows)
        {
            ReadOnlySpan<byte> bytes = tensor.Rows(row, (int)Math.Min(rows, tensor.RowCount - row));
            int most = values.Length / blockLength * blockBytes;
            for (int at = 0; at < bytes.Length; at += most)
            {
                ReadOnlySpan<byte> blocks = bytes.Slice(at, Math.Min(most, bytes.Length - at));
                Span<float> decoded = values.AsSpan(0, blocks.Length / blockBytes * blockLength);
                tensor.Format.Decode(blocks, decoded);
                reader(decoded);
            }
        }
    }

    /// <summary>Writes all values as raw little-endian float32, row-major. The file appears when it is whole.</summary>
    public static void Write(Tensor tensor, string path, IProgress<double>? progress, CancellationToken cancellation)
    {
        string partial = path + ".partial";
        long done = 0;
        try
        {
            using (FileStream file = File.Create(partial))
            {
                Read(tensor, values =>
                {
                    cancellation.ThrowIfCancellationRequested();
                    WriteLittleEndian(file, values);
                    done += values.Length;
                    progress?.Report((double)done / tensor.Length);
                });
            }

            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    private static void WriteLittleEndian(Stream stream, ReadOnlySpan<float> values)
    {
        if (BitConverter.IsLittleEndian)
        {
            stream.Write(MemoryMarshal.AsBytes(values));
            return;
        }

        byte[] bytes = new byte[values.Length * sizeof(float)];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), values[i]);
        stream.Write(bytes);
    }
}
