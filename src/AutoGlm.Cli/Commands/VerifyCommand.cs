using System.CommandLine;
using System.Globalization;
using AutoGlm.Cli.Loading;
using AutoGlm.Cli.Options;
using AutoGlm.Cli.Output;
using AutoGlm.Engine;
using AutoGlm.Engine.Verification;
using AutoGlm.Graph.Execution;
using Spectre.Console;

namespace AutoGlm.Cli.Commands;

/// <summary><c>autoglm verify</c>: a model against a reference.</summary>
internal sealed class VerifyCommand : Verb
{
    private const double DefaultTolerance = 2e-4;

    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<string> _golden = new("--golden", "-g")
    {
        Description = "Reference logits: a safetensors file with input_ids, logits and greedy.",
        HelpName = "FILE",
        Required = true,
    };
    private readonly Option<double> _tolerance = new Option<double>("--tolerance")
    {
        Description = "Largest difference of a logit, as a fraction of the largest logit.",
        HelpName = "X",
        DefaultValueFactory = _ => DefaultTolerance,
    }.Between(0, 1);
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly RuntimeOptions _runtime;

    public VerifyCommand(Terminal terminal)
        : base(
            terminal,
            "verify",
            "Compares a model's logits and greedy answers with a reference: prompts at once, token by token, and in a batch.",
            "autoglm verify -m model.gguf --golden golden.safetensors",
            "autoglm verify -m ./llama --golden llama/golden.safetensors --tolerance 1e-5 --json")
    {
        Add(_model);
        Add(_golden);
        Add(_tolerance);
        _runtime = new RuntimeOptions(this, withContext: false, KvType.F32);
        Add(_json);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        double tolerance = arguments.GetValue(_tolerance);
        Golden golden = Golden.Open(arguments.GetRequiredValue(_golden));
        // The golden says how long its sequences are, whatever the model's file says of its context.
        int context = golden.Prompts.Max(prompt => prompt.Length) + golden.Greedy.Max(greedy => greedy.Length);
        EngineOptions options = _runtime.Read(arguments) with { Context = context };
        using ModelRuntime runtime = await ModelLoader.LoadRuntimeAsync(Terminal, EmbeddedModel.OrGiven(arguments.GetValue(_model)), options, cancellation);
        GoldenResult result = await WorkProgress.RunAsync(Terminal, "Comparing", (_, token) => new GoldenVerifier(runtime, golden).Run(token), cancellation);
        bool passes = result.Passes(tolerance);
        if (arguments.GetValue(_json)) WriteJson(runtime, result, tolerance, passes);
        else Write(runtime, result, tolerance, passes);
        return passes ? ExitCode.Ok : ExitCode.Failed;
    }

    private void WriteJson(ModelRuntime runtime, GoldenResult result, double tolerance, bool passes) => JsonOutput.WriteLine(Terminal, new
    {
        model = runtime.Package.Name,
        architecture = runtime.Package.Architecture,
        passes,
        largest_error = Finite(result.LargestError),
        whole_error = Finite(result.WholeError),
        step_error = Finite(result.StepError),
        batch_error = Finite(result.BatchError),
        tolerance,
        greedy_tokens = result.GreedyTokens,
        greedy_matches = result.GreedyMatches,
        backend = runtime.BackendName,
    });

    private void Write(ModelRuntime runtime, GoldenResult result, double tolerance, bool passes)
    {
        Table table = Tables.Create(Terminal, runtime.Package.Architecture, ">largest relative error");
        table.Add("prompts at once", Number(result.WholeError));
        table.Add("token by token", Number(result.StepError));
        table.Add("in a batch", Number(result.BatchError));
        table.Add("largest", Number(result.LargestError));
        Tables.Write(Terminal, table);
        Terminal.Out.WriteLine($"greedy tokens: {result.GreedyMatches} of {result.GreedyTokens} equal");
        Terminal.Console.MarkupLine(passes
            ? $"[green]passed[/]: within the tolerance of {Number(tolerance)}"
            : $"[red]failed[/]: {(result.LargestError <= tolerance ? "greedy tokens differ" : $"over the tolerance of {Number(tolerance)}")}");
    }

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;

    private static string Number(double value) => value.ToString("0.00e+0", CultureInfo.InvariantCulture);
}
