using System.Buffers.Binary;
using System.Runtime.InteropServices;
using AutoGlm.Formats;
using AutoGlm.Formats.Safetensors;

namespace AutoGlm.Engine.Verification;

/// <summary>
/// What another implementation, in double precision, gives for a model: prompts <c>input_ids</c> [sequences, tokens] i64, their
/// <c>logits</c> [sequences, tokens, vocabulary] f32, and the tokens that follow by argmax, <c>greedy</c> [sequences, count] i64.
/// </summary>
public sealed class Golden
{
    private Golden(int[][] prompts, float[][] logits, int[][] greedy, int vocabulary)
    {
        Prompts = prompts;
        Logits = logits;
        Greedy = greedy;
        Vocabulary = vocabulary;
    }

    /// <summary>Token ids of each sequence.</summary>
    public IReadOnlyList<int[]> Prompts { get; }

    /// <summary>Logits of each sequence [tokens, vocabulary], row-major.</summary>
    public IReadOnlyList<float[]> Logits { get; }

    /// <summary>Greedy continuation of each sequence.</summary>
    public IReadOnlyList<int[]> Greedy { get; }

    public int Vocabulary { get; }

    /// <exception cref="ModelFormatException">The file is no sound safetensors file, or lacks one of the three.</exception>
    public static Golden Open(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        int[][] prompts = Integers(file, "input_ids");
        int[][] greedy = Integers(file, "greedy");
        SafetensorsEntry logits = Entry(file, "logits", SafetensorsDtype.F32, 3);
        if (logits.Shape[0] != prompts.Length || logits.Shape[1] != prompts[0].Length || greedy.Length != prompts.Length)
            throw new ModelFormatException(path, "logits", $"has shape [{string.Join(", ", logits.Shape)}], which does not go with input_ids and greedy");

        float[] all = MemoryMarshal.Cast<byte, float>(logits.Bytes()).ToArray();
        int vocabulary = (int)logits.Shape[2], length = prompts[0].Length * vocabulary;
        return new Golden(prompts, [.. Enumerable.Range(0, prompts.Length).Select(i => all[(i * length)..((i + 1) * length)])], greedy, vocabulary);
    }

    private static int[][] Integers(SafetensorsFile file, string name)
    {
        SafetensorsEntry entry = Entry(file, name, SafetensorsDtype.I64, 2);
        int rows = (int)entry.Shape[0], columns = (int)entry.Shape[1];
        ReadOnlySpan<byte> bytes = entry.Bytes();
        int[][] values = new int[rows][];
        for (int row = 0; row < rows; row++)
        {
            values[row] = new int[columns];
            for (int column = 0; column < columns; column++)
            {
                long value = BinaryPrimitives.ReadInt64LittleEndian(bytes[((row * columns + column) * sizeof(long))..]);
                values[row][column] = value is >= 0 and <= int.MaxValue ? (int)value : throw new ModelFormatException(file.Path, name, $"holds {value}, which is no token id");
            }
        }

        return values;
    }

    private static SafetensorsEntry Entry(SafetensorsFile file, string name, SafetensorsDtype dtype, int dimensions)
    {
        if (!file.Entries.TryGetValue(name, out SafetensorsEntry? entry)) throw new ModelFormatException(file.Path, name, "a golden file needs this tensor");
        if (entry.Dtype != dtype || entry.Shape.Count != dimensions || entry.Shape.Contains(0))
            throw new ModelFormatException(file.Path, name, $"should be {dtype} with {dimensions} dimensions, none of them 0");
        return entry;
    }
}
