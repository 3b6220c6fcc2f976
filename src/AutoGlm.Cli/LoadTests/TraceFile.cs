using System.Text;
using System.Text.Json;

namespace AutoGlm.Cli.LoadTests;

/// <summary>
/// A trace of requests: a JSON object a line, as Mooncake's (times in milliseconds, blocks by hash: equal ones are equal text), or
/// CSV, as Azure's (times as dates or in seconds). Columns may be in any order under a header, and be more than are needed.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="scale">Factor on all lengths.</param>
/// <param name="rate">Factor on the speed at which requests come.</param>
internal sealed class TraceFile(string path, double scale, double rate)
{
    /// <summary>Most tokens of a prompt or an answer, scaled: more is a mistake, or a server's memory.</summary>
    private const int MostTokens = 1 << 21;

    private static readonly TimeSpan MostTime = TimeSpan.FromDays(30);
    private static readonly char[] Separators = [',', ';', '\t'];

    /// <summary>The first requests of the trace.</summary>
    /// <exception cref="CommandFailure">The file cannot be read, or a line is not as it should be.</exception>
    public IReadOnlyList<LoadSession> Sessions(int most)
    {
        List<(TraceRequest Request, int Line)> requests = Read(most);
        if (requests.Count == 0) throw new CommandFailure($"{path}: there are no requests in it");
        TimeSpan first = requests.Min(entry => entry.Request.Time);
        return [.. requests.Select((entry, index) => Session(entry.Request, entry.Line, first, index))];
    }

    private List<(TraceRequest Request, int Line)> Read(int most)
    {
        List<(TraceRequest, int)> requests = [];
        IReadOnlyDictionary<string, int>? columns = null;
        int number = 0;
        foreach (string line in ReadLines())
        {
            number++;
            if (requests.Count == most) break;
            if (string.IsNullOrWhiteSpace(line)) continue;
            try
            {
                if (line.AsSpan().TrimStart() is ['{', ..])
                {
                    requests.Add((TraceFields.Read(line), number));
                    continue;
                }

                string[] cells = [.. line.Split(Separators).Select(cell => cell.Trim().Trim('"'))];
                if (requests.Count == 0 && columns is null && TraceFields.ReadHeader(cells) is { } named) columns = named;
                else requests.Add((TraceFields.Read(cells, columns ?? TraceFields.UsualColumns), number));
            }
            catch (Exception error) when (error is JsonException or FormatException)
            {
                throw Wrong(number, error.Message + " A line should be JSON as Mooncake's (timestamp, input_length, output_length, hash_ids), or CSV as Azure's (TIMESTAMP,ContextTokens,GeneratedTokens).");
            }
        }

        return requests;
    }

    private IEnumerable<string> ReadLines()
    {
        // Errors come at the first line, not at the call.
        using IEnumerator<string> lines = Guard(() => File.ReadLines(path).GetEnumerator());
        while (Guard(lines.MoveNext)) yield return lines.Current;

        T Guard<T>(Func<T> read)
        {
            try
            {
                return read();
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new CommandFailure($"{path}: {error.Message}");
            }
        }
    }

    private LoadSession Session(TraceRequest request, int line, TimeSpan first, int index)
    {
        double start = (request.Time - first).TotalSeconds / rate;
        if (start > MostTime.TotalSeconds) throw Wrong(line, $"it comes {start / 86_400:N0} days after the first; take a larger --rate.");
        int input = Scaled(request.Input, "input", line), output = Scaled(request.Output, "output", line);
        return new LoadSession(TimeSpan.FromSeconds(start), null, [new LoadTurn(() => Text(request, input, index), output)]);
    }

    /// <summary>Equal blocks have equal text; what no block names is this request's own.</summary>
    private string Text(TraceRequest request, int tokens, int index)
    {
        StringBuilder text = new();
        int left = Math.Max(1, request.Input);
        foreach (int block in request.Blocks)
        {
            if (left <= 0) break;
            text.Append(WordText.Create(Scaled(Math.Min(request.BlockTokens, left)), block));
            left -= request.BlockTokens;
        }

        return request.Blocks.Count > 0 ? text.ToString() : WordText.Create(tokens, index);
    }

    private int Scaled(int tokens, string what, int line)
    {
        if (tokens * scale <= MostTokens) return Scaled(tokens);
        throw Wrong(line, $"its {what} is {tokens * scale:N0} tokens long, and {MostTokens:N0} are as many as can be; take a smaller --scale.");
    }

    private int Scaled(int tokens) => Math.Max(1, (int)Math.Round(tokens * scale));

    private CommandFailure Wrong(int line, string message) => new($"{path}: line {line}: {message}");
}
