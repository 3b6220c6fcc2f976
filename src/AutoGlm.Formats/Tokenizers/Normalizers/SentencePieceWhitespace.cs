using System.Text;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>SentencePiece's treatment of spaces: runs become one, one goes in front, and all become visible.</summary>
internal sealed class SentencePieceWhitespace(bool addPrefix, bool removeExtra, bool escape) : Normalizer
{
    public const char VisibleSpace = '\u2581';

    public override string Apply(string text)
    {
        char space = escape ? VisibleSpace : ' ';
        var result = new StringBuilder(text.Length + 1);
        bool inWord = false;
        bool prefixed = false;
        foreach (char c in text)
        {
            if (c == ' ')
            {
                inWord = false;
                if (!removeExtra) result.Append(space);
                continue;
            }

            if (!inWord && (removeExtra || (addPrefix && !prefixed)))
            {
                result.Append(space);
                prefixed = true;
            }

            inWord = true;
            result.Append(c);
        }

        return result.ToString();
    }
}
