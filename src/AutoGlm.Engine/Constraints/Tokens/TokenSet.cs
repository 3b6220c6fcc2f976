using System.Numerics;
using System.Numerics.Tensors;

namespace AutoGlm.Engine.Constraints.Tokens;

/// <summary>Tokens of a vocabulary: a list where they are few, else a bit for each. Immutable.</summary>
internal sealed class TokenSet
{
    private const int BitsOfWord = 64;

    private readonly int[]? _ids;
    private readonly ulong[]? _words;

    /// <param name="ids">Any order.</param>
    public TokenSet(List<int> ids, int vocabulary)
    {
        Count = ids.Count;
        // An id takes half a word: beyond one in 32 the bits are smaller.
        if (ids.Count < vocabulary / 32)
        {
            _ids = [.. ids];
            return;
        }

        _words = new ulong[(vocabulary + BitsOfWord - 1) / BitsOfWord];
        foreach (int id in ids) _words[id / BitsOfWord] |= 1UL << id % BitsOfWord;
    }

    public int Count { get; }

    public long Bytes => 64 + (_ids?.Length * sizeof(int) ?? _words!.Length * sizeof(ulong));

    public void AddTo(ulong[] words)
    {
        if (_words is not null) TensorPrimitives.BitwiseOr<ulong>(words, _words, words);
        else foreach (int id in _ids!) words[id / BitsOfWord] |= 1UL << id % BitsOfWord;
    }

    /// <summary>Gives minus infinity to the logits of tokens that are not among the words' bits, and to those past them.</summary>
    public static void Mask(ReadOnlySpan<ulong> words, Span<float> logits)
    {
        for (int word = 0; word * BitsOfWord < logits.Length; word++)
        {
            Span<float> row = logits[(word * BitsOfWord)..Math.Min(logits.Length, (word + 1) * BitsOfWord)];
            ulong allowed = word < words.Length ? words[word] : 0;
            if (allowed == 0)
            {
                row.Fill(float.NegativeInfinity);
                continue;
            }

            for (ulong refused = ~allowed; refused != 0; refused &= refused - 1)
            {
                int bit = BitOperations.TrailingZeroCount(refused);
                if (bit >= row.Length) break;
                row[bit] = float.NegativeInfinity;
            }
        }
    }
}
