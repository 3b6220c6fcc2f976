using System.Globalization;
using System.Text;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>A set of Unicode code points as a regular expression writes it: categories, ranges, nested sets, negation.</summary>
/// <remarks>Whole code points, never UTF-16 units: that is why the platform's regular expressions do not serve here.</remarks>
internal sealed class CharacterSet
{
    private const uint Letter = 0x1Fu;
    private const uint Mark = 0xE0u;
    private const uint Number = 0x700u;

    private readonly List<(int Low, int High)> _ranges = [];
    private readonly List<CharacterSet> _union = [];
    private readonly List<CharacterSet> _intersection = [];
    private uint _categories;
    private bool _whiteSpace;

    public bool Negated { get; set; }

    public void AddRange(int low, int high) => _ranges.Add((low, high));

    public void Add(CharacterSet other) => _union.Add(other);

    public void IntersectWith(CharacterSet other) => _intersection.Add(other);

    /// <summary>Adds a code point and, where case is ignored, its other cases.</summary>
    public void AddLiteral(int codePoint, bool ignoreCase)
    {
        AddRange(codePoint, codePoint);
        if (!ignoreCase || !Rune.TryCreate(codePoint, out Rune rune)) return;
        int lower = Rune.ToLowerInvariant(rune).Value;
        int upper = Rune.ToUpperInvariant(rune).Value;
        AddRange(lower, lower);
        AddRange(upper, upper);
        if (lower == 's') AddRange(0x17F, 0x17F);
        if (lower == 'k') AddRange(0x212A, 0x212A);
    }

    public static CharacterSet Of(params ReadOnlySpan<(int Low, int High)> ranges)
    {
        var set = new CharacterSet();
        foreach ((int low, int high) in ranges) set.AddRange(low, high);
        return set;
    }

    public static CharacterSet WhiteSpace() => new() { _whiteSpace = true };

    public static CharacterSet Digits() => new() { _categories = 1u << (int)UnicodeCategory.DecimalDigitNumber };

    /// <summary><c>\w</c> of Oniguruma: as Unicode has it, and the numbers among Latin-1's symbols.</summary>
    public static CharacterSet WordCharacters()
    {
        CharacterSet set = UnicodeWordCharacters();
        set.AddRange(0xB2, 0xB3);
        set.AddRange(0xB9, 0xB9);
        set.AddRange(0xBC, 0xBE);
        return set;
    }

    /// <summary><c>\w</c> of Unicode (UTS 18): letters, marks, digits, letter-like numbers and symbols, connectors, joiners.</summary>
    public static CharacterSet UnicodeWordCharacters()
    {
        CharacterSet set = Of((0x200C, 0x200D), (0x24B6, 0x24E9));
        set._categories = Letter | Mark | (1u << (int)UnicodeCategory.DecimalDigitNumber) | (1u << (int)UnicodeCategory.LetterNumber)
            | (1u << (int)UnicodeCategory.ConnectorPunctuation);
        return set;
    }

    /// <summary>The set of a property name (<c>L</c>, <c>Lu</c>, <c>Han</c>, …), or null where it is not known here.</summary>
    public static CharacterSet? Property(string name)
    {
        uint categories = name switch
        {
            "L" or "Letter" or "letter" => Letter,
            "Lu" => 1u << 0,
            "Ll" => 1u << 1,
            "Lt" => 1u << 2,
            "Lm" => 1u << 3,
            "Lo" => 1u << 4,
            "L&" or "LC" => 7u,
            "M" or "Mark" => Mark,
            "Mn" => 1u << 5,
            "Mc" => 1u << 6,
            "Me" => 1u << 7,
            "N" or "Number" => Number,
            "Nd" or "Digit" or "digit" => 1u << 8,
            "Nl" => 1u << 9,
            "No" => 1u << 10,
            "Z" or "Separator" => 7u << 11,
            "Zs" => 1u << 11,
            "Zl" => 1u << 12,
            "Zp" => 1u << 13,
            "Cc" => 1u << 14,
            "Cf" => 1u << 15,
            "Cs" => 1u << 16,
            "Co" => 1u << 17,
            "Cn" => 1u << 29,
            "C" or "Other" => (0xFu << 14) | (1u << 29),
            "P" or "Punctuation" or "punct" => 0x7Fu << 18,
            "Pc" => 1u << 18,
            "Pd" => 1u << 19,
            "Ps" => 1u << 20,
            "Pe" => 1u << 21,
            "Pi" => 1u << 22,
            "Pf" => 1u << 23,
            "Po" => 1u << 24,
            "S" or "Symbol" => 0xFu << 25,
            "Sm" => 1u << 25,
            "Sc" => 1u << 26,
            "Sk" => 1u << 27,
            "So" => 1u << 28,
            _ => 0u,
        };
        return categories != 0 ? new CharacterSet { _categories = categories } : Script(name);
    }

    public bool Contains(int codePoint)
    {
        bool inside = InUnion(codePoint);
        foreach (CharacterSet other in _intersection) inside = inside && other.Contains(codePoint);
        return inside != Negated;
    }

    private bool InUnion(int codePoint)
    {
        if (_categories != 0 && (_categories >> (int)CharUnicodeInfo.GetUnicodeCategory(codePoint) & 1) != 0) return true;
        if (_whiteSpace && IsWhiteSpace(codePoint)) return true;
        foreach ((int low, int high) in _ranges)
        {
            if (codePoint >= low && codePoint <= high) return true;
        }

        foreach (CharacterSet other in _union)
        {
            if (other.Contains(codePoint)) return true;
        }

        return false;
    }

    public static bool IsWhiteSpace(int codePoint) => codePoint <= 0xFFFF && char.IsWhiteSpace((char)codePoint);

    // Scripts that published pre-tokenizers name (Unicode Scripts.txt); others are refused by the parser.
    private static CharacterSet? Script(string name) => name switch
    {
        "Han" => Of((0x2E80, 0x2E99), (0x2E9B, 0x2EF3), (0x2F00, 0x2FD5), (0x3005, 0x3005), (0x3007, 0x3007), (0x3021, 0x3029),
            (0x3038, 0x303B), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFA6D), (0xFA70, 0xFAD9), (0x16FE2, 0x16FE3),
            (0x16FF0, 0x16FF1), (0x20000, 0x2A6DF), (0x2A700, 0x2EE5D), (0x2F800, 0x2FA1D), (0x30000, 0x323AF)),
        "Hiragana" => Of((0x3041, 0x3096), (0x309D, 0x309F), (0x1B001, 0x1B11F), (0x1B132, 0x1B132), (0x1B150, 0x1B152), (0x1F200, 0x1F200)),
        "Katakana" => Of((0x30A1, 0x30FA), (0x30FD, 0x30FF), (0x31F0, 0x31FF), (0x32D0, 0x32FE), (0x3300, 0x3357), (0xFF66, 0xFF6F),
            (0xFF71, 0xFF9D), (0x1AFF0, 0x1AFFE), (0x1B000, 0x1B000), (0x1B120, 0x1B122), (0x1B155, 0x1B155), (0x1B164, 0x1B167)),
        "Hangul" => Of((0x1100, 0x11FF), (0x302E, 0x302F), (0x3131, 0x318E), (0x3200, 0x321E), (0x3260, 0x327E), (0xA960, 0xA97C),
            (0xAC00, 0xD7A3), (0xD7B0, 0xD7FB), (0xFFA0, 0xFFDC)),
        "Thai" => Of((0x0E01, 0x0E3A), (0x0E40, 0x0E5B)),
        _ => null,
    };
}
