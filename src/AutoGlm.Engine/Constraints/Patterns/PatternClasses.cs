using System.Globalization;
using AutoGlm.Engine.Constraints.Syntax;

namespace AutoGlm.Engine.Constraints.Patterns;

/// <summary>Classes of characters that patterns have names for.</summary>
internal static class PatternClasses
{
    private static readonly CodePointSet s_digits = CodePointSet.Of(('0', '9'));
    private static readonly CodePointSet s_word = CodePointSet.Of(('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z'));

    /// <summary>What ECMA-262 calls white space and line ends.</summary>
    private static readonly CodePointSet s_space = CodePointSet.Of(
        ('\t', '\r'), (' ', ' '), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF));

    private static readonly string[] s_categories =
    [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Pc", "Pd", "Ps", "Pe",
        "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn",
    ];

    /// <summary>The class of <c>\d</c>, <c>\w</c>, <c>\s</c> or their opposites; null for other letters.</summary>
    public static CodePointSet? Named(char letter) => letter switch
    {
        'd' => s_digits,
        'D' => s_digits.Negate(),
        'w' => s_word,
        'W' => s_word.Negate(),
        's' => s_space,
        'S' => s_space.Negate(),
        _ => null,
    };

    /// <summary>The characters of a general category (<c>Lu</c>) or a group of them (<c>L</c>); null where there is no such.</summary>
    public static CodePointSet? Property(string name)
    {
        int[] categories = [.. Enumerable.Range(0, s_categories.Length).Where(i => s_categories[i] == name || (name.Length == 1 && s_categories[i][0] == name[0]))];
        if (categories.Length == 0) return null;
        return CodePointSet.Of(categories.SelectMany(category => CodePointSet.Category((UnicodeCategory)category).Ranges));
    }
}
