using System.CommandLine;
using System.Globalization;
using AutoGlm.Cli.Loading;
using AutoGlm.Cli.Options;
using AutoGlm.Cli.Output;
using AutoGlm.Engine;
using AutoGlm.Engine.Evaluation;
using AutoGlm.Graph.Execution;
using AutoGlm.Models;
using Spectre.Console;

namespace AutoGlm.Cli.Commands;

/// <summary><c>autoglm bench</c>: how fast a model runs here.</summary>
internal sealed class BenchCommand : Verb
{
    private const int MostSequences = 256;

    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<int> _prompt = new Option<int>("--pp")
    {
        Description = "Tokens of the prompt; 0 to leave it out.",
        HelpName = "N",
        DefaultValueFactory = _ => 512,
    }.Between(0, 1 << 20);
    private readonly Option<int> _generation = new Option<int>("--tg")
    {
        Description = "Tokens to generate; 0 to leave it out.",
        HelpName = "N",
        DefaultValueFactory = _ => 128,
    }.Between(0, 1 << 20);
    private readonly Option<int> _depth = new Option<int>("--depth", "-d")
    {
        Description = "Tokens that sequences hold before they generate.",
        HelpName = "N",
        DefaultValueFactory = _ => 0,
    }.Between(0, 1 << 20);
    private readonly Option<int[]> _batch = new Option<int[]>("--batch", "-b")
    {
        Description = "Numbers of sequences that generate together, with commas between.",
        HelpName = "B,B,…",
    }.Between(1, MostSequences);
    private readonly Option<int> _repeat = new Option<int>("--repeat", "-r")
    {
        Description = "How often each is timed.",
        HelpName = "R",
        DefaultValueFactory = _ => 3,
    }.Between(1, 1000);
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly RuntimeOptions _runtime;

    public BenchCommand(Terminal terminal)
        : base(
            terminal,
            "bench",
            "Measures how fast a model reads prompts and generates on this machine, and how near that is to the memory's speed.",
            "autoglm bench",
            "autoglm bench -m model.gguf --pp 512 --tg 128 --batch 1,4,8 --threads 2 --json")
    {
        _batch.CustomParser = result =>
        {
            List<int> sizes = [];
            foreach (string part in result.Tokens.SelectMany(token => token.Value.Split(',')))
            {
                if (int.TryParse(part, CultureInfo.InvariantCulture, out int size)) sizes.Add(size);
                else result.AddError($"--batch {part}: should be whole numbers with commas between, such as 1,4,8");
            }

            return [.. sizes];
        };
        _batch.DefaultValueFactory = _ => [1];
        Add(_model);
        Add(_prompt);
        Add(_generation);
        Add(_depth);
        Add(_batch);
        Add(_repeat);
        _runtime = new RuntimeOptions(this, withContext: false);
        Add(_json);
        Add(new BenchServeCommand(terminal));
        Add(new BenchAblationCommand(terminal));
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        string path = EmbeddedModel.OrGiven(arguments.GetValue(_model));
        int prompt = arguments.GetValue(_prompt), generation = arguments.GetValue(_generation), depth = arguments.GetValue(_depth);
        int[] batches = arguments.GetRequiredValue(_batch);
        if (prompt == 0 && generation == 0) throw new UsageException("--pp 0 --tg 0 leaves nothing to measure");
        EngineOptions options = Fit(path, _runtime.Read(arguments), prompt, generation > 0 ? depth + generation : 0, batches.Max());
        using ModelRuntime runtime = await ModelLoader.LoadRuntimeAsync(Terminal, path, options, cancellation);
        int threads = options.Threads ?? Environment.ProcessorCount;
        double bandwidth = await WorkProgress.RunAsync(Terminal, "Memory bandwidth", (_, token) => runtime.MeasureReadRate() ?? MemoryBandwidth.Measure(threads, token), cancellation);
        int repeat = arguments.GetValue(_repeat);
        List<ThroughputResult> results = await WorkProgress.RunAsync(
            Terminal,
            "Warming up",
            (progress, token) => Measure(new ThroughputMeter(runtime), prompt, (generation, depth), batches, repeat, progress, token),
            cancellation);
        if (arguments.GetValue(_json)) WriteJson(runtime, results, bandwidth, threads);
        else Write(runtime, results, bandwidth);
        return ExitCode.Ok;
    }

    /// <summary>Options with room for what will run: context, rows of a batch, and KV cache.</summary>
    private static EngineOptions Fit(string path, EngineOptions options, int prompt, int generation, int sequences)
    {
        // Left out, it is the device's to say, which is never less than the usual.
        int? rows = options.BatchTokens is null && sequences <= IBackend.UsualBatchRows ? null : Math.Max(options.BatchTokens ?? 0, sequences);
        options = options with { Context = Math.Max(prompt, generation), BatchTokens = rows };
        using ModelPackage package = ModelPackage.Open(path, options.Context);
        long one = ThroughputMeter.KvBytes(package.Graph, options, 1, options.Context.Value);
        long all = ThroughputMeter.KvBytes(package.Graph, options, sequences, generation);
        return options with { KvMemory = Math.Max(one, all) };
    }

    private static List<ThroughputResult> Measure(
        ThroughputMeter meter, int prompt, (int Tokens, int Depth) generation, int[] batches, int repetitions, WorkProgress progress, CancellationToken cancellation)
    {
        List<ThroughputResult> results = [];
        if (prompt > 0)
        {
            progress.Label = $"Prompt of {prompt} tokens";
            results.Add(meter.Prompt(prompt, repetitions, progress, cancellation));
        }

        foreach (int sequences in generation.Tokens > 0 ? batches : [])
        {
            progress.Report(0);
            progress.Label = $"Generating {generation.Tokens} tokens × {sequences}";
            results.Add(meter.Generation(generation.Tokens, sequences, repetitions, progress, cancellation, generation.Depth));
        }

        return results;
    }

    private void WriteJson(ModelRuntime runtime, List<ThroughputResult> results, double bandwidth, int threads) => JsonOutput.WriteLine(Terminal, new
    {
        model = runtime.Package.Name,
        architecture = runtime.Package.Architecture,
        file_bytes = runtime.Package.FileBytes,
        weight_bytes = runtime.WeightBytes,
        backend = runtime.BackendName,
        threads,
        kv_type = runtime.Options.KvType.ToString().ToLowerInvariant(),
        read_bandwidth = bandwidth,
        results = results.Select(result => new
        {
            test = TestName(result),
            kind = result.Kind.ToString().ToLowerInvariant(),
            tokens = result.Tokens,
            batch = result.Sequences,
            repeat = result.Rate.Count,
            tokens_per_second = result.Rate.Median,
            min = result.Rate.Min,
            max = result.Rate.Max,
            bytes_per_token = result.BytesPerToken,
            operations_per_token = 2 * runtime.Graph.MultipliedPerRow(),
            bandwidth_fraction = result.BytesPerSecond / bandwidth,
        }),
    });

    private void Write(ModelRuntime runtime, List<ThroughputResult> results, double bandwidth)
    {
        Table table = Tables.Create(Terminal, "test", ">batch", ">tok/s", ">spread", ">bytes/token", ">of bandwidth");
        foreach (ThroughputResult result in results)
        {
            table.Add(
                TestName(result),
                result.Sequences.ToString(CultureInfo.InvariantCulture),
                Numbers.Rate(result.Rate.Median),
                $"{Numbers.Rate(result.Rate.Min)}–{Numbers.Rate(result.Rate.Max)}",
                Numbers.Bytes(result.BytesPerToken),
                (result.BytesPerSecond / bandwidth).ToString("P0", CultureInfo.InvariantCulture));
        }

        string model = PlainText.OneLine(runtime.Package.Name);
        Terminal.Out.WriteLine($"{model} ({runtime.Package.Architecture}, {Numbers.Bytes(runtime.Package.FileBytes)}) on {runtime.BackendName}");
        Tables.Write(Terminal, table);
        Terminal.Out.WriteLine($"Median of {results[0].Rate.Count} and the whole spread. Memory reads {bandwidth / 1e9:F1} GB/s, measured now.");
    }

    private static string TestName(ThroughputResult result) =>
        (result.Kind == ThroughputKind.Prompt ? "pp" : "tg") + result.Tokens.ToString(CultureInfo.InvariantCulture);
}
