namespace AutoGlm.Formats.Tokenizers;

/// <summary>What a token is for; the numbers are those of GGUF's <c>tokenizer.ggml.token_type</c>.</summary>
public enum TokenType : byte
{
    /// <summary>Not said: taken as <see cref="Normal"/>.</summary>
    Undefined = 0,

    /// <summary>A piece of text.</summary>
    Normal = 1,

    /// <summary>Stands for what the vocabulary cannot write.</summary>
    Unknown = 2,

    /// <summary>Steers the model (begin, end, roles …) and is not text; recognised in text only on demand.</summary>
    Control = 3,

    /// <summary>An added token: text that is always one token, found before anything else is cut.</summary>
    UserDefined = 4,

    /// <summary>A place in the table that nothing uses.</summary>
    Unused = 5,

    /// <summary>One byte, for text that no other token covers (<c>&lt;0x0A&gt;</c>).</summary>
    Byte = 6,
}
