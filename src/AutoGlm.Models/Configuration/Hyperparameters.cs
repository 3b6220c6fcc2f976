using AutoGlm.Formats;

namespace AutoGlm.Models.Configuration;

/// <summary>
/// A model's settings, by both names they go by: GGUF's key after the architecture prefix (<c>attention.head_count</c>) and
/// config.json's (<c>num_attention_heads</c>). A name is empty where that kind of file has no such setting.
/// </summary>
internal abstract class Hyperparameters
{
    /// <summary>The file, for error messages.</summary>
    public abstract string Location { get; }

    /// <summary>True for a Hugging Face folder.</summary>
    public abstract bool IsHuggingFace { get; }

    /// <summary>What the file calls the architecture.</summary>
    public abstract string ArchitectureName { get; }

    public abstract long? FindInteger(string gguf, string huggingFace);

    public abstract double? FindNumber(string gguf, string huggingFace);

    public abstract bool? FindBoolean(string gguf, string huggingFace);

    public abstract string? FindString(string gguf, string huggingFace);

    public abstract IReadOnlyList<double>? FindNumbers(string gguf, string huggingFace);

    public abstract IReadOnlyList<string>? FindStrings(string gguf, string huggingFace);

    /// <summary>An integer from 1 to a bound that no real model comes near.</summary>
    /// <exception cref="ModelFormatException">It is missing and has no default, or out of range.</exception>
    public int Count(string gguf, string huggingFace, int? missing = null, int most = 1 << 24)
    {
        long value = FindInteger(gguf, huggingFace) ?? missing ?? throw Missing(gguf, huggingFace);
        return value >= 1 && value <= most ? (int)value : throw Invalid(gguf, huggingFace, $"{value} is not between 1 and {most}");
    }

    /// <summary>An integer from 0 on, 0 where it is missing.</summary>
    public int CountOrZero(string gguf, string huggingFace) =>
        FindInteger(gguf, huggingFace) is null or 0 ? 0 : Count(gguf, huggingFace);

    /// <summary>A finite number.</summary>
    public float Number(string gguf, string huggingFace, double? missing = null)
    {
        double value = FindNumber(gguf, huggingFace) ?? missing ?? throw Missing(gguf, huggingFace);
        return float.IsFinite((float)value) ? (float)value : throw Invalid(gguf, huggingFace, $"{value} is not a finite number");
    }

    public bool Flag(string gguf, string huggingFace, bool missing) => FindBoolean(gguf, huggingFace) ?? missing;

    public ModelFormatException Invalid(string gguf, string huggingFace, string reason) =>
        new(Location, IsHuggingFace && huggingFace.Length > 0 ? huggingFace : gguf, reason);

    private ModelFormatException Missing(string gguf, string huggingFace) => Invalid(gguf, huggingFace, "the model needs this setting and the file lacks it");
}
