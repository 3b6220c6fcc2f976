using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using AutoGlm.Cli.Ablation;
using AutoGlm.Cli.Loading;
using AutoGlm.Cli.LoadTests;
using AutoGlm.Cli.Options;
using AutoGlm.Cli.Output;
using AutoGlm.Engine;
using Spectre.Console;

namespace AutoGlm.Cli.Commands;

/// <summary><c>autoglm bench ablation</c>: what each technique of the engine brings, one added to the others.</summary>
internal sealed class BenchAblationCommand : Verb
{
    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<int> _users = OptionRanges.Count("--users", "Users at once.", 8, 256);
    private readonly Option<int> _turns = OptionRanges.Count("--turns", "Turns of each user's conversation.", 5, 100);
    private readonly Option<int> _system = OptionRanges.Count("--system-tokens", "Length of the system prompt that users share, about.", 1000, 1 << 16);
    private readonly Option<int> _turnTokens = OptionRanges.Count("--turn-tokens", "Length of what a user says, about.", 30, 1 << 16);
    private readonly Option<int> _output = OptionRanges.Count("--output-tokens", "Length of an answer.", 16, 1 << 16);
    private readonly Option<int> _seed = new("--seed") { Description = "Seed of the text.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly Option<string?> _folder = new("--out") { Description = "A folder for ablation.json, ablation.md and ablation.png.", HelpName = "DIR" };
    private readonly Option<int?> _row = new("--row") { Description = "Measures one row in this process.", Hidden = true };
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly RuntimeOptions _runtime;

    public BenchAblationCommand(Terminal terminal)
        : base(
            terminal,
            "ablation",
            "Measures what each technique brings: from float32 weights, one request at a time, nothing fused and nothing reused, adding one technique a row. Each row is a process of its own.",
            "autoglm bench ablation",
            "autoglm bench ablation -m model.gguf --users 8 --turns 5 --system-tokens 1000 --out results")
    {
        foreach (Option option in (Option[])[_model, _users, _turns, _system, _turnTokens, _output, _seed, _folder, _row]) Add(option);
        _runtime = new RuntimeOptions(this, withContext: false);
        Add(_json);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        if (arguments.GetValue(_row) is { } row)
        {
            JsonOutput.WriteLine(Terminal, await MeasureAsync(AblationStep.All[row], arguments, cancellation));
            return ExitCode.Ok;
        }

        IReadOnlyList<AblationResult> rows = await WorkProgress.RunAsync(Terminal, "Ablation", (progress, token) => MeasureAll(progress, token), cancellation);
        Write(rows, arguments);
        return ExitCode.Ok;
    }

    private static async Task<string> RunRowAsync(int row, CancellationToken cancellation)
    {
        // The same command line again, for one row.
        ProcessStartInfo start = OwnProcess.WithArguments([.. Environment.GetCommandLineArgs()[1..], "--row", row.ToString(CultureInfo.InvariantCulture)]);
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellation), error = process.StandardError.ReadToEndAsync(cancellation);
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return process.ExitCode == 0 ? await output : throw new CommandFailure($"the row '{AblationStep.All[row].Name}' failed: {(await error).Trim()}");
    }

    private static IReadOnlyList<AblationResult> MeasureAll(WorkProgress progress, CancellationToken cancellation)
    {
        List<AblationResult> rows = [];
        for (int row = 0; row < AblationStep.All.Count; row++)
        {
            progress.Label = AblationStep.All[row].Name;
            rows.Add(AblationResult.Parse(RunRowAsync(row, cancellation).GetAwaiter().GetResult()));
            progress.Report((row + 1.0) / AblationStep.All.Count);
        }

        return rows;
    }

    private async Task<AblationResult> MeasureAsync(AblationStep step, ParseResult arguments, CancellationToken cancellation)
    {
        SyntheticUsers users = new(
            arguments.GetValue(_users), arguments.GetValue(_turns), arguments.GetValue(_system), arguments.GetValue(_turnTokens), arguments.GetValue(_output));
        // Words are a token each, but for a few.
        int context = 2 * (users.SystemTokens + users.Turns * (users.TurnTokens + users.OutputTokens)) + 64;
        EngineOptions options = step.Apply(_runtime.Read(arguments) with { Context = context });
        await using InferenceEngine engine = await ModelLoader.LoadEngineAsync(Terminal, EmbeddedModel.OrGiven(arguments.GetValue(_model)), options, cancellation);
        return await new AblationRun(engine, step, users).RunAsync(arguments.GetValue(_seed), cancellation);
    }

    private void Write(IReadOnlyList<AblationResult> rows, ParseResult arguments)
    {
        string what = $"{Path.GetFileNameWithoutExtension(EmbeddedModel.OrGiven(arguments.GetValue(_model)))}, {arguments.GetValue(_users)} users, {arguments.GetValue(_turns)} turns, {arguments.GetValue(_system)} shared tokens";
        if (arguments.GetValue(_folder) is { } folder)
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, "ablation.json"), System.Text.Json.JsonSerializer.Serialize(rows, JsonOutput.Options));
            File.WriteAllText(Path.Combine(folder, "ablation.md"), Markdown(rows, what));
            AblationChart.Save(rows, Path.Combine(folder, "ablation.png"));
        }

        if (arguments.GetValue(_json))
        {
            JsonOutput.WriteLine(Terminal, rows);
            return;
        }

        Table table = Tables.Create(Terminal, [what, .. Headings.Select(heading => ">" + heading)]);
        foreach (AblationResult row in rows) table.Add([row.Name, .. Cells(row)]);
        Tables.Write(Terminal, table);
        AblationResult first = rows[0], last = rows[^1];
        Terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Last row against first: mean latency {Change(first.MeanLatency, last.MeanLatency)}, ")
            + string.Create(CultureInfo.InvariantCulture, $"requests/s × {last.RequestsPerSecond / first.RequestsPerSecond:F1}, memory {Change(first.PeakMemory, last.PeakMemory)}. ")
            + $"Warm-up alone: first answer's first token {Change(rows[^2].ColdFirstToken, last.ColdFirstToken)}.");
    }

    private static string[] Headings { get; } = ["mean ms", "P99 ms", "TTFT ms", "first TTFT ms", "requests/s", "tok/s", "cached", "peak memory"];

    private static string[] Cells(AblationResult row) =>
    [
        Numbers.Rate(row.MeanLatency), Numbers.Rate(row.P99Latency), Numbers.Rate(row.MeanFirstToken), Numbers.Rate(row.ColdFirstToken), Numbers.Rate(row.RequestsPerSecond),
        Numbers.Rate(row.TokensPerSecond), row.HitRate.ToString("P0", CultureInfo.InvariantCulture), row.PeakMemory is { } bytes ? Numbers.Bytes(bytes) : "?",
    ];

    private static string Markdown(IReadOnlyList<AblationResult> rows, string what)
    {
        StringBuilder text = new($"| {what} | {string.Join(" | ", Headings)} |\n|---|{string.Concat(Headings.Select(_ => "---|"))}\n");
        foreach (AblationResult row in rows) text.Append(CultureInfo.InvariantCulture, $"| {row.Name} | {string.Join(" | ", Cells(row))} |\n");
        return text.ToString();
    }

    private static string Change(double? from, double? to) =>
        from is { } before && to is { } after ? (after / before - 1).ToString("+0 %;−0 %", CultureInfo.InvariantCulture) : "?";
}
