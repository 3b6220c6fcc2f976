using System.Buffers;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>Puts a space before a piece that does not begin with one (byte-level BPE's <c>add_prefix_space</c>).</summary>
internal sealed class PrefixSpacePreTokenizer : PreTokenizer
{
    public override void Split(ReadOnlySpan<byte> text, bool atStart, PieceSink next)
    {
        if (text[0] == ' ')
        {
            next.Emit(text, atStart);
            return;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(text.Length + 1);
        buffer[0] = (byte)' ';
        text.CopyTo(buffer.AsSpan(1));
        next.Emit(buffer.AsSpan(0, text.Length + 1), atStart);
        ArrayPool<byte>.Shared.Return(buffer);
    }
}
