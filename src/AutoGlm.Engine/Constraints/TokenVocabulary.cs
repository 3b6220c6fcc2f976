using AutoGlm.Engine.Constraints.Tokens;
using AutoGlm.Formats.Tokenizers;

namespace AutoGlm.Engine.Constraints;

/// <summary>A tokenizer's vocabulary as constraints need it: made once for a model and shared. Immutable.</summary>
public sealed class TokenVocabulary
{
    private readonly bool[] _isControl;

    /// <summary>Reads a vocabulary; takes some tens of milliseconds for 150,000 tokens.</summary>
    public TokenVocabulary(Tokenizer tokenizer)
    {
        Tokenizer = tokenizer;
        _isControl = new bool[tokenizer.VocabularySize];
        List<(int Id, byte[] Bytes)> tokens = new(tokenizer.VocabularySize);
        for (int id = 0; id < tokenizer.VocabularySize; id++)
        {
            _isControl[id] = tokenizer.IsSpecial(id) || tokenizer.EndOfGenerationIds.Contains(id);
            byte[] bytes = BytesOf(id);
            // A token that adds nothing, or what no text in UTF-8 holds, has no place in a constrained answer; ends have their own.
            if (tokenizer.EndOfGenerationIds.Contains(id)) continue;
            if (bytes.Length > 0 && (_isControl[id] || !bytes.AsSpan().ContainsAny(s_neverUtf8))) tokens.Add((id, bytes));
        }

        Trie = new TokenTrie(tokens);
        EndIds = [.. tokenizer.EndOfGenerationIds.Where(id => id < tokenizer.VocabularySize).Order()];
    }

    public Tokenizer Tokenizer { get; }

    /// <summary>Token ids are 0 to this, exclusive.</summary>
    public int Size => _isControl.Length;

    /// <summary>Tokens that end an answer, by rising id.</summary>
    internal IReadOnlyList<int> EndIds { get; }

    internal TokenTrie Trie { get; }

    /// <summary>What the automaton reads for a token.</summary>
    internal byte[] BytesOf(int id) => _isControl[id] ? ControlBytes.Of(id) : Tokenizer.TokenBytes(id).ToArray();

    private static readonly System.Buffers.SearchValues<byte> s_neverUtf8 =
        System.Buffers.SearchValues.Create([0xC0, 0xC1, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF]);
}
