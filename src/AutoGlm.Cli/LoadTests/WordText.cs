using System.Text;

namespace AutoGlm.Cli.LoadTests;

/// <summary>Text of common words, about a token each in any published vocabulary, the same for the same seed.</summary>
internal static class WordText
{
    private static readonly string[] Words =
    [
        "the", "of", "and", "to", "in", "is", "that", "for", "it", "as", "was", "with", "be", "by", "on", "not", "he", "his", "but", "at",
        "are", "this", "have", "from", "or", "had", "an", "which", "you", "were", "her", "all", "she", "there", "would", "their", "we", "him",
        "been", "has", "when", "who", "will", "more", "no", "if", "out", "so", "said", "what", "up", "its", "about", "into", "than", "them",
        "can", "only", "other", "new", "some", "could", "time", "these", "two", "may", "then", "do", "first", "any", "my", "now", "such",
        "like", "our", "over", "man", "me", "even", "most", "made", "after", "also", "did", "many", "before", "must", "through", "years",
        "where", "much", "your", "way", "well", "down", "should", "because", "each", "just", "those", "people", "how", "too", "little",
        "state", "good", "very", "make", "world", "still", "own", "see", "men", "work", "long", "get", "here", "between", "both", "life",
    ];

    /// <summary>So many words after a space each.</summary>
    public static string Create(int words, int seed)
    {
        Random random = new(seed);
        StringBuilder text = new(6 * words);
        for (int i = 0; i < words; i++) text.Append(' ').Append(Words[random.Next(Words.Length)]);
        return text.ToString();
    }
}
