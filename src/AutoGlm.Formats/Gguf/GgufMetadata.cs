using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace AutoGlm.Formats.Gguf;

/// <summary>
/// A GGUF file's key-value pairs, in order. Whole numbers of every width convert where they are in range. A getter
/// without a default throws a <see cref="ModelFormatException"/> where the key is missing; every getter does where the
/// value is of another kind.
/// </summary>
public sealed class GgufMetadata : IReadOnlyCollection<KeyValuePair<string, GgufValue>>
{
    private readonly OrderedDictionary<string, GgufValue> _values = new(StringComparer.Ordinal);

    /// <param name="file">Named in errors.</param>
    public GgufMetadata(string file = "metadata") => File = file;

    /// <summary>The file that errors name.</summary>
    public string File { get; }

    public int Count => _values.Count;

    public IEnumerable<string> Keys => _values.Keys;

    /// <summary>Adds a pair at the end, or changes it in its place.</summary>
    public GgufValue this[string key]
    {
        set => _values[key] = value;
    }

    /// <summary>Adds a pair at the end; false where the key is taken.</summary>
    public bool TryAdd(string key, GgufValue value) => _values.TryAdd(key, value);

    public bool Remove(string key) => _values.Remove(key);

    public bool Contains(string key) => _values.ContainsKey(key);

    public bool TryGet(string key, [NotNullWhen(true)] out GgufValue? value) => _values.TryGetValue(key, out value);

    public string GetString(string key) => Get(key, value => value.AsString());

    [return: NotNullIfNotNull(nameof(fallback))]
    public string? GetStringOrDefault(string key, string? fallback = null) => GetOr(key, fallback, value => value.AsString());

    public bool GetBoolean(string key) => Get(key, value => value.AsBoolean());

    public bool GetBooleanOrDefault(string key, bool fallback) => GetOr(key, fallback, value => value.AsBoolean());

    public int GetInt32(string key) => Get(key, value => value.AsInteger<int>());

    public int GetInt32OrDefault(string key, int fallback) => GetOr(key, fallback, value => value.AsInteger<int>());

    public long GetInt64(string key) => Get(key, value => value.AsInteger<long>());

    public long GetInt64OrDefault(string key, long fallback) => GetOr(key, fallback, value => value.AsInteger<long>());

    /// <summary>A number of any type, whole ones included.</summary>
    public float GetSingle(string key) => Get(key, value => value.AsSingle());

    /// <inheritdoc cref="GetSingle"/>
    public float GetSingleOrDefault(string key, float fallback) => GetOr(key, fallback, value => value.AsSingle());

    /// <summary>An array of strings, each decoded on access; see <see cref="GgufStrings.Utf8"/> for the bytes.</summary>
    public GgufStrings GetStrings(string key) => Get(key, value => value.AsStrings());

    /// <inheritdoc cref="GetStrings"/>
    [return: NotNullIfNotNull(nameof(fallback))]
    public GgufStrings? GetStringsOrDefault(string key, GgufStrings? fallback = null) => GetOr(key, fallback, value => value.AsStrings());

    /// <summary>An array of whole numbers. Not a copy: do not change it.</summary>
    public int[] GetInt32s(string key) => Get(key, value => value.AsIntegers<int>());

    /// <inheritdoc cref="GetInt32s"/>
    [return: NotNullIfNotNull(nameof(fallback))]
    public int[]? GetInt32sOrDefault(string key, int[]? fallback = null) => GetOr(key, fallback, value => value.AsIntegers<int>());

    /// <summary>An array of numbers. Not a copy: do not change it.</summary>
    public float[] GetSingles(string key) => Get(key, value => value.AsSingles());

    /// <inheritdoc cref="GetSingles"/>
    [return: NotNullIfNotNull(nameof(fallback))]
    public float[]? GetSinglesOrDefault(string key, float[]? fallback = null) => GetOr(key, fallback, value => value.AsSingles());

    /// <summary>An array of truth values. Not a copy: do not change it.</summary>
    public bool[] GetBooleans(string key) => Get(key, value => value.AsBooleans());

    /// <inheritdoc cref="GetBooleans"/>
    [return: NotNullIfNotNull(nameof(fallback))]
    public bool[]? GetBooleansOrDefault(string key, bool[]? fallback = null) => GetOr(key, fallback, value => value.AsBooleans());

    public IEnumerator<KeyValuePair<string, GgufValue>> GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private T Get<T>(string key, Func<GgufValue, T> read) =>
        TryGet(key, out GgufValue? value) ? Read(key, value, read) : throw new ModelFormatException(File, key, "is missing");

    private T GetOr<T>(string key, T fallback, Func<GgufValue, T> read) =>
        TryGet(key, out GgufValue? value) ? Read(key, value, read) : fallback;

    private T Read<T>(string key, GgufValue value, Func<GgufValue, T> read)
    {
        try
        {
            return read(value);
        }
        catch (Exception e) when (e is InvalidCastException or OverflowException)
        {
            throw new ModelFormatException(File, key, e.Message, e);
        }
    }
}
