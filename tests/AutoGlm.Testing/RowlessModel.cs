using AutoGlm.Formats.Gguf;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Testing;

/// <summary>A tiny random model with one token more than its embedding has rows, which it would pad with.</summary>
public static class RowlessModel
{
    public const string Token = "<new>";
    public const int Rows = 320;

    /// <summary>The model without that token.</summary>
    public static string Sound { get; } = TestData.InRepository("tests", "AutoGlm.Cli.Tests", "Fixtures", "granite.gguf");

    /// <summary>Writes the model.</summary>
    /// <param name="path">A .gguf file to be.</param>
    /// <returns>The path.</returns>
    public static string Write(string path)
    {
        using GgufFile whole = GgufFile.Open(Sound);
        GgufMetadata metadata = [];
        foreach ((string key, GgufValue value) in whole.Metadata) metadata[key] = value;
        metadata["tokenizer.ggml.tokens"] = whole.Metadata.GetStrings("tokenizer.ggml.tokens").Append(Token).ToArray();
        metadata["tokenizer.ggml.token_type"] = whole.Metadata.GetInt32s("tokenizer.ggml.token_type").Append(3).ToArray();
        metadata["tokenizer.ggml.padding_token_id"] = Rows;
        GgufWriter writer = new(metadata);
        foreach (Tensor tensor in whole.Tensors.Values) writer.Add(tensor);
        writer.Write(path);
        return path;
    }
}
