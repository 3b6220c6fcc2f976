namespace AutoGlm.Formats;

/// <summary>A model file, tokenizer, template or configuration that cannot be used as it is.</summary>
/// <remarks>The message names the file, the field or tensor, the reason, and where one is known the remedy.</remarks>
public sealed class ModelFormatException : Exception
{
    public ModelFormatException(string file, string field, string reason, Exception? inner = null)
        : base($"{file}: {field}: {reason}", inner)
    {
        File = file;
        Field = field;
        Reason = reason;
    }

    /// <summary>The file or folder at fault.</summary>
    public string File { get; }

    /// <summary>The field, key, tensor or offset at fault.</summary>
    public string Field { get; }

    /// <summary>What is wrong with it, and where one is known what to do.</summary>
    public string Reason { get; }
}
