using System.Globalization;
using AutoGlm.Formats.Gguf;

namespace AutoGlm.Models.Synthesis;

/// <summary>
/// A byte-level BPE vocabulary of any size that other engines accept: the 256 bytes in GPT-2's spelling, a few hundred
/// merges that make common words, unused padding, and ChatML's control tokens at the end.
/// </summary>
internal sealed class SyntheticVocabulary
{
    private const int Normal = 1, Control = 3, Unused = 5;
    private const string EndOfText = "<|endoftext|>", TurnStart = "<|im_start|>", TurnEnd = "<|im_end|>";

    private const string Words = """
        the of and to in is that for it as was with be by on not he his but at are this have from or had an they which one you were
        all her she there would their we him been has when who will no more if out so up said what its about than into them can only
        other time new some could these two may first then do any like my now over such our man me even most made after also did many
        before must through years where much your way well down should because each just those people how too little state good very
        make world still see own work long here get both between life being under never day same another know while last might us great
        old year off come since against go came right used take three
        """;

    private const string ChatTemplate =
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

    private readonly List<string> _tokens = [];
    private readonly List<int> _types = [];
    private readonly List<string> _merges = [];

    public SyntheticVocabulary(int size)
    {
        string[] bytes = ByteSpellings();
        foreach (string spelling in bytes) Add(spelling, Normal);
        AddWords(bytes[' ']);
        string[] control = [EndOfText, TurnStart, TurnEnd];
        if (_tokens.Count + control.Length > size)
        {
            throw new ArgumentOutOfRangeException(nameof(size), size, "too small for the bytes and words");
        }

        for (int i = 0; _tokens.Count + control.Length < size; i++) Add("<|pad_" + i.ToString(CultureInfo.InvariantCulture) + "|>", Unused);
        foreach (string token in control) Add(token, Control);
    }

    /// <summary>Adds the tokenizer's keys.</summary>
    public void Describe(GgufMetadata metadata, string preTokenizer)
    {
        metadata["tokenizer.ggml.model"] = "gpt2";
        metadata["tokenizer.ggml.pre"] = preTokenizer;
        metadata["tokenizer.ggml.tokens"] = GgufValue.OfArray(_tokens);
        metadata["tokenizer.ggml.token_type"] = _types.ToArray();
        metadata["tokenizer.ggml.merges"] = GgufValue.OfArray(_merges);
        metadata["tokenizer.ggml.bos_token_id"] = (uint)_tokens.IndexOf(TurnStart);
        metadata["tokenizer.ggml.eos_token_id"] = (uint)_tokens.IndexOf(TurnEnd);
        metadata["tokenizer.ggml.unknown_token_id"] = (uint)_tokens.IndexOf(EndOfText);
        metadata["tokenizer.ggml.padding_token_id"] = (uint)_tokens.IndexOf(EndOfText);
        metadata["tokenizer.ggml.add_bos_token"] = false;
        metadata["tokenizer.chat_template"] = ChatTemplate;
    }

    /// <summary>How GPT-2 spells each byte: itself where it prints in Latin-1, else the next free character from U+0100 on.</summary>
    private static string[] ByteSpellings()
    {
        int free = 0x100;
        return [.. Enumerable.Range(0, 256).Select(value => ((char)(IsPlain(value) ? value : free++)).ToString())];

        static bool IsPlain(int value) => value is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE and <= 0xFF;
    }

    /// <summary>Builds each word, with its space before it, letter by letter; each step is a merge of two tokens into a third.</summary>
    private void AddWords(string space)
    {
        var known = new HashSet<string>(_tokens, StringComparer.Ordinal);
        foreach (string word in Words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            string left = space;
            foreach (char letter in word)
            {
                string merged = left + letter;
                if (known.Add(merged))
                {
                    _merges.Add($"{left} {letter}");
                    Add(merged, Normal);
                }

                left = merged;
            }
        }
    }

    private void Add(string token, int type)
    {
        _tokens.Add(token);
        _types.Add(type);
    }
}
