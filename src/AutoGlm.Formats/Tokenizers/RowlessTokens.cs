using System.Globalization;
using System.Text;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>
/// The tokens at a vocabulary's end that its model has no rows for, as when a padding or chat token was added and the embedding not resized. They are
/// left out, so that their text is ordinary text: nothing could be computed for them. Only added tokens may be rowless, and none that texts need.
/// </summary>
internal sealed class RowlessTokens
{
    /// <summary>Parts that files give to tokens by name.</summary>
    public const string Bos = "bos", Eos = "eos", Unknown = "unk", Pad = "pad", Separator = "separator";

    /// <summary>Parts that the files of a model give to tokens beside its tokenizer's.</summary>
    public const string Begin = "beginning of text", End = "end of generation";

    private const string Remedy = "use the tokenizer that belongs to the model, or resize the model's embedding";
    private const int ShownTokens = 8, ShownCharacters = 32;

    private readonly string _file;
    private readonly int? _rows;
    private readonly Dictionary<int, string> _texts = [];
    private readonly Dictionary<string, int> _parts = [];

    /// <param name="file">Named in errors and in the notice.</param>
    /// <param name="rows">Rows of the model, one a token; null where they are not known, and nothing is left out.</param>
    public RowlessTokens(string file, int? rows) => (_file, _rows) = (file, rows);

    /// <summary>What people should know of it, a sentence or two; null where no token was left out.</summary>
    public string? Notice
    {
        get
        {
            if (_texts.Count == 0) return null;
            string tokens = string.Join(", ", _texts.Keys.Order().Take(ShownTokens).Select(Name));
            string more = _texts.Count > ShownTokens ? Number($", and {_texts.Count - ShownTokens} more") : "";
            string parts = _parts.Count > 0 ? $", also as {string.Join(", ", _parts.Keys.Order(StringComparer.Ordinal))}" : "";
            return Number($"{_file} has added tokens beyond the model's {_rows} rows, one a token: {tokens}{more}. They are left out{parts}: in prompts they are ordinary text, and no answer has them; resize the model's embedding to use them.");
        }
    }

    /// <summary>Takes a token that the model has no row for.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="type">What it is for.</param>
    /// <param name="text">Its text in UTF-8.</param>
    /// <returns>True where it is to be left out; false where the model has a row for it.</returns>
    /// <exception cref="ModelFormatException">It is no added token.</exception>
    public bool Takes(int id, TokenType type, ReadOnlySpan<byte> text)
    {
        if (_rows is not { } rows || id < rows) return false;
        string shown = Shown(Encoding.UTF8.GetString(text[..Math.Min(text.Length, 4 * ShownCharacters)]));
        bool isAdded = type is TokenType.Control or TokenType.UserDefined or TokenType.Unknown or TokenType.Unused;
        if (!isAdded) throw new ModelFormatException(_file, "vocabulary", Number($"has '{shown}' as token {id}, which is no added one, but the model has {rows} rows, one a token; {Remedy}"));
        _texts[id] = shown;
        return true;
    }

    /// <summary>True where the token was left out.</summary>
    public bool Has(int id) => _texts.ContainsKey(id);

    /// <summary>The token of a part, unless it was left out, which is noted.</summary>
    public int? Kept(string part, int? id)
    {
        if (id is not { } token || !Has(token)) return id;
        _parts[part] = token;
        return null;
    }

    /// <summary>Ends reading where the token of a part was left out, and nothing can stand in for it.</summary>
    /// <param name="part">The part.</param>
    /// <param name="field">What needs it, in errors.</param>
    /// <exception cref="ModelFormatException">It was left out.</exception>
    public void Require(string part, string field)
    {
        if (_parts.TryGetValue(part, out int id)) throw Missing(field, id);
    }

    /// <exception cref="ModelFormatException">One of the ids was left out.</exception>
    public void Require(IEnumerable<int> ids, string field)
    {
        foreach (int id in ids.Where(Has)) throw Missing(field, id);
    }

    /// <summary>Looks whether a chat template, and whoever waits for the end of an answer, can do without what was left out.</summary>
    /// <exception cref="ModelFormatException">They cannot.</exception>
    public void Check(string? chatTemplate, IReadOnlySet<int> ends)
    {
        foreach (string part in new[] { Bos, Eos })
        {
            if (chatTemplate?.Contains(part + "_token", StringComparison.Ordinal) == true) Require(part, "chat template");
        }

        if (ends.Count > 0) return;
        Require(Eos, "eos_token");
        Require(End, "eos_token_id");
    }

    private ModelFormatException Missing(string field, int id) => new(_file, field, Number($"needs the token {Name(id)}, but the model has {_rows} rows, one a token; {Remedy}"));

    private string Name(int id) => Number($"'{_texts[id]}' ({id})");

    /// <summary>The beginning of a text from a file, fit for a terminal.</summary>
    private static string Shown(string text)
    {
        string start = text.Length <= ShownCharacters ? text : text[..ShownCharacters] + "…";
        return string.Concat(start.Select(c => char.IsControl(c) || char.IsSurrogate(c) || char.GetUnicodeCategory(c) == UnicodeCategory.Format ? '\uFFFD' : c));
    }

    private static string Number(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
