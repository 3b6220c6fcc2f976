using System.Globalization;
using System.Text;
using System.Text.Json;

namespace AutoGlm.Cli.LoadTests;

/// <summary>
/// Requests as a production service once had them. Reads the Mooncake trace (FAST '25: JSON lines with <c>timestamp</c> in ms,
/// <c>input_length</c>, <c>output_length</c> and <c>hash_ids</c> of 512-token blocks, of which equal ones hold equal text) and the
/// Azure LLM inference trace 2023 (CSV with <c>TIMESTAMP,ContextTokens,GeneratedTokens</c>).
/// </summary>
/// <param name="path">The file.</param>
/// <param name="scale">Factor on all lengths.</param>
/// <param name="rate">Factor on the speed at which requests come.</param>
internal sealed class TraceFile(string path, double scale, double rate)
{
    private const int MooncakeBlock = 512;

    /// <summary>The first requests of the trace.</summary>
    /// <exception cref="CommandFailure">The file cannot be read, or a line is not as it should be.</exception>
    public IReadOnlyList<LoadSession> Sessions(int most)
    {
        List<LoadSession> sessions = [];
        DateTime? first = null;
        int number = 0;
        foreach (string line in ReadLines())
        {
            number++;
            if (sessions.Count == most) break;
            if (string.IsNullOrWhiteSpace(line) || line.StartsWith("TIMESTAMP", StringComparison.OrdinalIgnoreCase)) continue;
            try
            {
                sessions.Add(line.StartsWith('{') ? Mooncake(line) : Azure(line, sessions.Count, ref first));
            }
            catch (Exception error) when (error is JsonException or FormatException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException or OverflowException)
            {
                throw new CommandFailure($"{path}: line {number}: {error.Message} A line should be Mooncake's JSON (timestamp, input_length, output_length, hash_ids) or Azure's CSV (TIMESTAMP,ContextTokens,GeneratedTokens).");
            }
        }

        return sessions.Count > 0 ? sessions : throw new CommandFailure($"{path}: there are no requests in it");
    }

    private IEnumerable<string> ReadLines()
    {
        try
        {
            return File.ReadLines(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure($"{path}: {error.Message}");
        }
    }

    private LoadSession Mooncake(string line)
    {
        using JsonDocument json = JsonDocument.Parse(line);
        JsonElement request = json.RootElement;
        int left = request.GetProperty("input_length").GetInt32();
        StringBuilder text = new();
        foreach (JsonElement id in request.GetProperty("hash_ids").EnumerateArray())
        {
            if (left <= 0) break;
            text.Append(WordText.Create(Scaled(Math.Min(MooncakeBlock, left)), id.GetInt32()));
            left -= MooncakeBlock;
        }

        return Session(TimeSpan.FromMilliseconds(request.GetProperty("timestamp").GetDouble()), text.ToString(), request.GetProperty("output_length").GetInt32());
    }

    private LoadSession Azure(string line, int index, ref DateTime? first)
    {
        string[] fields = line.Split(',');
        DateTime time = DateTime.Parse(fields[0], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
        first ??= time;
        return Session(time - first.Value, WordText.Create(Scaled(int.Parse(fields[1], CultureInfo.InvariantCulture)), index), int.Parse(fields[2], CultureInfo.InvariantCulture));
    }

    private LoadSession Session(TimeSpan time, string text, int output) => new(time / rate, null, [new LoadTurn(text, Scaled(output))]);

    private int Scaled(int tokens) => Math.Max(1, (int)Math.Round(Math.Clamp(tokens, 0, 1 << 24) * scale));
}
