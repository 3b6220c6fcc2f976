using System.Buffers;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>Spells bytes in <see cref="ByteLevelAlphabet"/>, or reads them back; cuts nothing.</summary>
internal sealed class ByteAlphabetPreTokenizer(bool toBytes) : PreTokenizer
{
    public override void Split(ReadOnlySpan<byte> text, bool atStart, PieceSink next)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(text.Length * 2);
        int length;
        if (!toBytes) length = ByteLevelAlphabet.Encode(text, buffer);
        else if (!ByteLevelAlphabet.TryDecode(text, buffer, out length)) throw new InvalidOperationException("text that is not of the byte alphabet");
        next.Emit(buffer.AsSpan(0, length), atStart);
        ArrayPool<byte>.Shared.Return(buffer);
    }
}
