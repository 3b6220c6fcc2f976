using System.CommandLine;
using AutoGlm.Cli.Loading;
using AutoGlm.Cli.LoadTests;
using AutoGlm.Cli.Options;
using AutoGlm.Cli.Output;
using Spectre.Console;

namespace AutoGlm.Cli.Commands;

/// <summary><c>autoglm bench serve</c>: how a server holds under load.</summary>
internal sealed class BenchServeCommand : Verb
{
    /// <summary>Kinds of errors that are told.</summary>
    private const int MostErrors = 5;

    private readonly Option<string?> _url = new("--url") { Description = "A server to measure, such as http://127.0.0.1:8080. Without it, one is started for the run.", HelpName = "URL" };
    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<string?> _key = new("--api-key") { Description = "The key to show to the server.", HelpName = "KEY" };
    private readonly Option<int?> _pid = new("--server-pid") { Description = "The server's process, for its memory.", HelpName = "PID" };
    private readonly Option<string?> _trace = new("--trace") { Description = "A trace of requests: Mooncake's JSON lines or Azure's CSV. Without it, synthetic users.", HelpName = "FILE" };
    private readonly Option<int> _requests = OptionRanges.Count("--requests", "Requests of the trace, from its first.", 100, 1 << 20);
    private readonly Option<double> _scale = Factor("--scale", "Factor on the trace's lengths.");
    private readonly Option<double> _rate = Factor("--rate", "Factor on how fast the trace's requests come.");
    private readonly Option<int> _users = OptionRanges.Count("--users", "Synthetic users at once.", 8, 4096);
    private readonly Option<int> _turns = OptionRanges.Count("--turns", "Turns of each user's conversation.", 5, 1000);
    private readonly Option<int> _system = OptionRanges.Count("--system-tokens", "Length of the system prompt that users share, about.", 1000, 1 << 20, least: 0);
    private readonly Option<int> _turnTokens = OptionRanges.Count("--turn-tokens", "Length of what a user says, about.", 50, 1 << 20);
    private readonly Option<int> _output = OptionRanges.Count("--output-tokens", "Length of an answer.", 32, 1 << 20);
    private readonly Option<int> _concurrency = OptionRanges.Count("--concurrency", "Most requests at once.", 256, 4096);
    private readonly Option<double?> _duration = new("--duration") { Description = "Seconds for which synthetic users begin new conversations. Without it, each holds one.", HelpName = "S" };
    private readonly Option<double> _cancel = new("--cancel") { Description = "Share of requests, 0 to 1, that the client drops at a random point. They are counted apart.", HelpName = "SHARE", DefaultValueFactory = _ => 0 };
    private readonly Option<double> _firstToken = new Option<double>("--slo-ttft") { Description = "Longest time to the first token of a good answer, in ms.", HelpName = "MS", DefaultValueFactory = _ => 1000 };
    private readonly Option<double> _perToken = new Option<double>("--slo-tpot") { Description = "Longest time per token of a good answer, in ms.", HelpName = "MS", DefaultValueFactory = _ => 100 };
    private readonly Option<int> _seed = new("--seed") { Description = "Seed of the synthetic text, and of what is dropped.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly Option<string?> _folder = new("--out") { Description = "A folder for serve.json, serve.md and serve.png.", HelpName = "DIR" };
    private readonly Option<bool> _json = CommonOptions.Json();

    public BenchServeCommand(Terminal terminal)
        : base(
            terminal,
            "serve",
            "Puts load on a server, ours or any that speaks OpenAI's protocol, and measures latencies and throughput. Options after -- go to the server that is started.",
            "autoglm bench serve --users 8 --turns 5 --system-tokens 1000",
            "autoglm bench serve --url http://127.0.0.1:8080 --trace azure_conv.csv --requests 200 --scale 0.1 --rate 2",
            "autoglm bench serve -m model.gguf --out results -- --kv-type q8_0",
            "autoglm bench serve -m model.gguf --users 64 --duration 600 --cancel 0.2")
    {
        foreach (Option option in (Option[])[_url, _model, _key, _pid, _trace, _requests, _scale, _rate, _users, _turns, _system, _turnTokens, _output, _concurrency, _duration, _cancel, _firstToken, _perToken, _seed, _folder, _json])
            Add(option);
        Add(ServerArguments);
        Validators.Add(result =>
        {
            if (result.GetValue(_url) is { } url && !(Uri.TryCreate(url, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"))
                result.AddError($"--url {url}: should be an address such as http://127.0.0.1:8080");
            if (result.GetValue(_duration) is { } seconds && seconds is not (> 0 and <= 604_800)) result.AddError("--duration: should be more than 0 and at most 604800 seconds, a week.");
            if (result.GetValue(_cancel) is not (>= 0 and <= 1)) result.AddError("--cancel: should be a share between 0 and 1.");
            if (result.GetValue(_duration) is not null && result.GetValue(_trace) is not null) result.AddError("--duration: is for synthetic users; a trace lasts as long as it does, take --requests");
        });
    }

    private Argument<string[]> ServerArguments { get; } = new("SERVER-OPTIONS") { Description = "Options for the server that is started, after --.", Arity = ArgumentArity.ZeroOrMore };

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        IReadOnlyList<IEnumerable<LoadSession>> sessions = Sessions(arguments);
        string? model = arguments.GetValue(_model);
        using ServerProcess? server = arguments.GetValue(_url) is null
            ? await ServerProcess.StartAsync(["-m", EmbeddedModel.OrGiven(model), .. arguments.GetValue(ServerArguments) ?? []], cancellation)
            : null;
        Uri address = server?.Address ?? new Uri(arguments.GetValue(_url)!.TrimEnd('/') + "/");
        string? key = arguments.GetValue(_key);
        string name = await CompletionClient.FirstModelAsync(address, key, cancellation);
        using CompletionClient client = new(address, name, key);
        int? process = server?.Id ?? arguments.GetValue(_pid);
        await using ServerWatch? watch = process is { } id ? new ServerWatch(id, client) : null;
        (IReadOnlyList<RequestOutcome> outcomes, TimeSpan time) = await WorkProgress.RunAsync(
            Terminal,
            $"{sessions.Count} users",
            (progress, token) => new LoadRun(client, HowToAsk(arguments), progress).RunAsync(sessions, token).GetAwaiter().GetResult(),
            cancellation);
        ServerCondition condition = new()
        {
            // Once it is at rest: its memory is then that of all that was asked.
            Blocks = await client.AccountAsync(cancellation),
            Memory = watch is null ? null : await watch.EndAsync(),
            PeakMemory = process is { } pid ? ServerProcess.PeakMemory(pid) : null,
        };
        ServiceObjective objective = new(TimeSpan.FromMilliseconds(arguments.GetValue(_firstToken)), TimeSpan.FromMilliseconds(arguments.GetValue(_perToken)));
        LoadReport report = new(outcomes, time, objective, condition);
        Write(report, name, arguments);
        return report.IsSound ? ExitCode.Ok : ExitCode.Failed;
    }

    private LoadOptions HowToAsk(ParseResult arguments) => new(
        arguments.GetValue(_concurrency),
        arguments.GetValue(_duration) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        arguments.GetValue(_cancel),
        arguments.GetValue(_seed));

    private IReadOnlyList<IEnumerable<LoadSession>> Sessions(ParseResult arguments) => arguments.GetValue(_trace) is { } trace
        ? [.. new TraceFile(trace, arguments.GetValue(_scale), arguments.GetValue(_rate)).Sessions(arguments.GetValue(_requests)).Select(session => new[] { session })]
        : new SyntheticUsers(
            arguments.GetValue(_users), arguments.GetValue(_turns), arguments.GetValue(_system), arguments.GetValue(_turnTokens), arguments.GetValue(_output)).Conversations(arguments.GetValue(_seed));

    private void Write(LoadReport report, string server, ParseResult arguments)
    {
        string model = Path.GetFileName(server);
        string what = arguments.GetValue(_trace) is { } trace
            ? $"{model}: {Path.GetFileName(trace)}"
            : $"{model}: {arguments.GetValue(_users)} users, {arguments.GetValue(_turns)} turns, {arguments.GetValue(_system)} shared tokens";
        if (arguments.GetValue(_folder) is { } folder)
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, "serve.json"), System.Text.Json.JsonSerializer.Serialize(report.Json, JsonOutput.Options));
            File.WriteAllText(Path.Combine(folder, "serve.md"), report.Markdown(what));
            LoadChart.Save(report, what, Path.Combine(folder, "serve.png"));
        }

        if (arguments.GetValue(_json))
        {
            JsonOutput.WriteLine(Terminal, report.Json);
            return;
        }

        Table table = Tables.Create(Terminal, what, ">");
        foreach ((string name, string value) in report.Rows()) table.Add(name, value);
        Tables.Write(Terminal, table);
        if (report.Server.Blocks is { Holds: false } blocks) Terminal.Note($"KV blocks are not all accounted for: {blocks.Used} are used with nothing running, and {blocks.Cached} cached and {blocks.Blank} blank of {blocks.Blocks}");
        IGrouping<string?, RequestOutcome>[] errors = [.. report.Outcomes.Where(outcome => outcome.Error is not null).GroupBy(outcome => outcome.Error).OrderByDescending(group => group.Count())];
        foreach (IGrouping<string?, RequestOutcome> group in errors.Take(MostErrors)) Terminal.Note($"{group.Count()} failed: {group.Key}");
        if (errors.Length > MostErrors) Terminal.Note($"{errors.Skip(MostErrors).Sum(group => group.Count())} failed otherwise");
    }

    private static Option<double> Factor(string name, string description)
    {
        Option<double> option = new(name) { Description = description, HelpName = "X", DefaultValueFactory = _ => 1 };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (> 0 and < 1e6)) result.AddError($"{name}: should be more than 0 and less than a million.");
        });
        return option;
    }
}
