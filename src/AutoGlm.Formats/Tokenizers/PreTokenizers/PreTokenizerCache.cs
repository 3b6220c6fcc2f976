using System.Collections.Concurrent;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>Automata of the built-in patterns are built once, and shared.</summary>
internal static class PreTokenizerCache
{
    private static readonly ConcurrentDictionary<string, CodePointRegex> _regexes = new();

    public static PreTokenizer Split(string pattern) =>
        new SplitPreTokenizer(_regexes.GetOrAdd(pattern, text => new CodePointRegex(text)), SplitBehavior.Isolated, invert: false);
}
