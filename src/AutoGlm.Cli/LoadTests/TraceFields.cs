using System.Globalization;
using System.Text.Json;

namespace AutoGlm.Cli.LoadTests;

/// <summary>What a line of a trace tells, under the names that published traces have for it.</summary>
internal static class TraceFields
{
    /// <summary>Names without case, blanks and underscores: Mooncake's, Azure's, BurstGPT's, Vidur's and those of APIs.</summary>
    private static readonly string[]
        s_time = ["timestamp", "arrivaltime", "arrivedat", "time"],
        s_input = ["inputlength", "contexttokens", "requesttokens", "prompttokens", "inputtokens", "numprefilltokens", "promptlength"],
        s_output = ["outputlength", "generatedtokens", "responsetokens", "completiontokens", "outputtokens", "numdecodetokens"],
        s_blocks = ["hashids"];

    /// <summary>Columns of a file without a header: Azure's.</summary>
    public static IReadOnlyDictionary<string, int> UsualColumns { get; } = new Dictionary<string, int> { [s_time[0]] = 0, [s_input[0]] = 1, [s_output[0]] = 2 };

    /// <summary>The columns that a header names; null where the line is no header.</summary>
    /// <exception cref="FormatException">It is one, and a column is missing.</exception>
    public static IReadOnlyDictionary<string, int>? ReadHeader(string[] cells)
    {
        string[] names = [.. cells.Select(Plain)];
        string[][] wanted = [s_time, s_input, s_output];
        int[] places = [.. wanted.Select(known => Array.FindIndex(names, known.Contains))];
        if (places.All(place => place < 0)) return null;
        for (int i = 0; i < wanted.Length; i++)
        {
            if (places[i] < 0) throw new FormatException($"there is no column {Shown(wanted[i])}.");
        }

        return wanted.Zip(places).ToDictionary(pair => pair.First[0], pair => pair.Second);
    }

    /// <exception cref="FormatException">A cell is missing, or is not what it should be.</exception>
    public static TraceRequest Read(string[] cells, IReadOnlyDictionary<string, int> columns)
    {
        return new TraceRequest(Time(Cell(s_time), TimeSpan.FromSeconds(1)), Length(Cell(s_input), s_input), Length(Cell(s_output), s_output), []);

        string Cell(string[] names) => columns[names[0]] is var place && place < cells.Length ? cells[place] : throw new FormatException($"there are {cells.Length} cells, and {Shown(names)} should be in cell {place + 1}.");
    }

    /// <exception cref="FormatException">A field is missing, or is not what it should be.</exception>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static TraceRequest Read(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        Dictionary<string, JsonElement> fields = [];
        foreach (JsonProperty field in document.RootElement.EnumerateObject()) fields[Plain(field.Name)] = field.Value;
        return new TraceRequest(Time(Text(s_time), TimeSpan.FromMilliseconds(1)), Length(Text(s_input), s_input), Length(Text(s_output), s_output), Blocks(fields));

        string Text(string[] names) => names.Select(name => fields.GetValueOrDefault(name)).FirstOrDefault(value => value.ValueKind != JsonValueKind.Undefined) switch
        {
            { ValueKind: JsonValueKind.String } text => text.GetString()!,
            { ValueKind: JsonValueKind.Number } number => number.GetRawText(),
            { ValueKind: JsonValueKind.Undefined } => throw new FormatException($"{Shown(names)} is missing."),
            var other => throw new FormatException($"{Shown(names)} is {other.ValueKind.ToString().ToLowerInvariant()}; it should be a number."),
        };
    }

    /// <summary>A number in the trace's unit, or a date.</summary>
    private static TimeSpan Time(string text, TimeSpan unit)
    {
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && Math.Abs(number * unit.TotalSeconds) < TimeSpan.MaxValue.TotalSeconds / 2) return number * unit;
        return DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTime time) ? time - DateTime.UnixEpoch
            : throw new FormatException($"'{Output.PlainText.Abridged(text, 40)}' is no time; it should be a number or a date.");
    }

    private static int Length(string text, string[] names) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number >= 0 && number <= int.MaxValue && number == Math.Floor(number) ? (int)number
            : throw new FormatException($"{Shown(names)} is '{Output.PlainText.Abridged(text, 40)}'; it should be a whole number of tokens.");

    /// <summary>Ids are numbers or words; what counts is which are equal.</summary>
    private static int[] Blocks(Dictionary<string, JsonElement> fields) => s_blocks.Select(name => fields.GetValueOrDefault(name)).First() switch
    {
        { ValueKind: JsonValueKind.Undefined or JsonValueKind.Null } => [],
        { ValueKind: JsonValueKind.Array } ids => [.. ids.EnumerateArray().Select(id => id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out int small) ? small : id.GetRawText().Aggregate(17, (hash, c) => unchecked((hash * 31) + c)))],
        _ => throw new FormatException("hash_ids should be an array."),
    };

    private static string Plain(string name) => new([.. name.Where(char.IsAsciiLetterOrDigit).Select(char.ToLowerInvariant)]);

    private static string Shown(string[] names) => names == s_time ? "timestamp" : names == s_input ? "input_length (or ContextTokens)" : "output_length (or GeneratedTokens)";
}
