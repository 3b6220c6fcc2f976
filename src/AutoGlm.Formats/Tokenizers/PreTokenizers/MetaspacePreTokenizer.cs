using System.Buffers;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>Writes spaces as a visible character (SentencePiece's U+2581), puts one in front, and cuts before each.</summary>
internal sealed class MetaspacePreTokenizer(byte[] replacement, MetaspacePreTokenizer.Prepend prepend, bool split) : PreTokenizer
{
    internal enum Prepend
    {
        Never,
        First,
        Always,
    }

    public override void Split(ReadOnlySpan<byte> text, bool atStart, PieceSink next)
    {
        int spaces = text.Count((byte)' ');
        byte[] buffer = ArrayPool<byte>.Shared.Rent(checked(text.Length + (spaces + 1) * replacement.Length));
        int length = 0;
        bool wanted = prepend == Prepend.Always || (prepend == Prepend.First && atStart);
        if (wanted && text[0] != ' ' && !text.StartsWith(replacement)) Append(replacement);
        while (!text.IsEmpty)
        {
            int run = text.IndexOf((byte)' ');
            ReadOnlySpan<byte> plain = run < 0 ? text : text[..run];
            Append(plain);
            if (run >= 0) Append(replacement);
            text = text[(run < 0 ? text.Length : run + 1)..];
        }

        Emit(buffer.AsSpan(0, length), atStart, next);
        ArrayPool<byte>.Shared.Return(buffer);

        void Append(ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(buffer.AsSpan(length));
            length += bytes.Length;
        }
    }

    private void Emit(ReadOnlySpan<byte> text, bool atStart, PieceSink next)
    {
        int start = 0;
        while (split && start < text.Length)
        {
            int found = text[(start + 1)..].IndexOf(replacement);
            // A match that begins inside the first character's own bytes is none: the replacement is whole characters.
            if (found < 0) break;
            int end = start + 1 + found;
            next.Emit(text[start..end], atStart && start == 0);
            start = end;
        }

        next.Emit(text[start..], atStart && start == 0);
    }
}
