using System.Globalization;
using System.Text;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>One step that rewrites text before it is cut. Immutable.</summary>
internal abstract class Normalizer
{
    /// <param name="text">Well-formed UTF-16, not empty.</param>
    public abstract string Apply(string text);

    internal sealed class Sequence(IReadOnlyList<Normalizer> steps) : Normalizer
    {
        public override string Apply(string text)
        {
            foreach (Normalizer step in steps)
            {
                if (text.Length > 0) text = step.Apply(text);
            }

            return text;
        }
    }

    internal sealed class Unicode(NormalizationForm form) : Normalizer
    {
        public override string Apply(string text) => UnicodeNormalization.Normalize(text, form);
    }

    internal sealed class Lowercase : Normalizer
    {
        public override string Apply(string text) => text.ToLowerInvariant();
    }

    internal sealed class Prepend(string prefix) : Normalizer
    {
        public override string Apply(string text) => prefix + text;
    }

    internal sealed class ReplaceText(string pattern, string content) : Normalizer
    {
        public override string Apply(string text) => text.Replace(pattern, content, StringComparison.Ordinal);
    }

    internal sealed class ReplaceMatches(CodePointRegex regex, string content) : Normalizer
    {
        public override string Apply(string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            var result = new StringBuilder(text.Length);
            var memory = new RegexMemory();
            int done = 0;
            while (regex.Find(bytes, done, memory, out int start, out int end))
            {
                result.Append(Encoding.UTF8.GetString(bytes.AsSpan(done..start))).Append(content);
                done = end;
            }

            return result.Append(Encoding.UTF8.GetString(bytes.AsSpan(done..))).ToString();
        }
    }

    internal sealed class Strip(bool left, bool right) : Normalizer
    {
        public override string Apply(string text)
        {
            if (left) text = text.TrimStart();
            return right ? text.TrimEnd() : text;
        }
    }

    internal sealed class StripAccents : Normalizer
    {
        public override string Apply(string text)
        {
            var result = new StringBuilder(text.Length);
            foreach (Rune rune in text.EnumerateRunes())
            {
                if (!IsMark(Rune.GetUnicodeCategory(rune))) result.Append(rune.ToString());
            }

            return result.ToString();
        }

        private static bool IsMark(UnicodeCategory category) =>
            category is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;
    }
}
