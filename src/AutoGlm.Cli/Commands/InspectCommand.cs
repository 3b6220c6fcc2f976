using System.CommandLine;
using AutoGlm.Cli.Inspection;
using AutoGlm.Cli.Loading;
using AutoGlm.Cli.Options;
using AutoGlm.Cli.Output;
using AutoGlm.Cpu;
using AutoGlm.Engine;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Passes;
using AutoGlm.Models;

namespace AutoGlm.Cli.Commands;

/// <summary><c>autoglm inspect</c>: what a model's files hold.</summary>
internal sealed class InspectCommand : Verb
{
    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<string?> _graph = new Option<string?>("--graph")
    {
        Description = "Show the graph: raw as the model's definition builds it, or optimized as the CPU runs it.",
        HelpName = "raw|optimized",
    };
    private readonly Option<string?> _format = new Option<string?>("--format")
    {
        Description = "How to show it: text, mermaid, svg or json.",
        HelpName = "FORMAT",
    };
    private readonly PassesOption _without = new(
        [.. GraphOptimizer.Passes.Concat(PlanPasses.OfGraph).Select(pass => pass.Name)], "With --graph optimized: passes to leave out, by name, with commas between them.");
    private readonly Option<string?> _tensor = new("--tensor")
    {
        Description = "Show one tensor: statistics and a histogram.",
        HelpName = "NAME",
    };
    private readonly Option<string?> _out = new("--out", "-o")
    {
        Description = "With --tensor: write its values to a file instead, as raw little-endian float32. With --graph: write it there.",
        HelpName = "FILE",
    };
    private readonly Option<bool> _kernels = new("--kernels") { Description = "Show the kernels of the first NVIDIA card: registers, memory, occupancy, and what share of the memory's speed those get that it limits." };
    private readonly Option<bool> _json = CommonOptions.Json();

    public InspectCommand(Terminal terminal)
        : base(
            terminal,
            "inspect",
            "Shows what a model's files hold: metadata, tensors, sizes, the graph.",
            "autoglm inspect",
            "autoglm inspect -m model.gguf --graph optimized --format mermaid",
            "autoglm inspect -m model.gguf --graph optimized --format svg --out graph.svg",
            "autoglm inspect -m model.gguf --graph optimized --without merge-projections,norm-matmul",
            "autoglm inspect -m model.gguf --tensor blk.0.attn_q.weight",
            "autoglm inspect -m model.gguf --tensor output_norm.weight --out norm.f32")
    {
        _graph.AcceptOnlyFromAmong("raw", "optimized");
        _format.AcceptOnlyFromAmong("text", "mermaid", "svg", "json");
        Add(_model);
        Add(_graph);
        Add(_format);
        Add(_without);
        Add(_tensor);
        Add(_out);
        Add(_kernels);
        Add(_json);
        Validators.Add(result =>
        {
            if (result.GetValue(_graph) is not null && result.GetValue(_tensor) is not null)
                result.AddError("--graph and --tensor show different things: give one of them.");
            if (result.GetValue(_format) is not null && result.GetValue(_graph) is null) result.AddError("--format goes with --graph.");
            if (result.GetResult(_without) is not null && result.GetValue(_graph) != "optimized") result.AddError("--without goes with --graph optimized.");
            if (result.GetValue(_out) is not null && result.GetValue(_tensor) is null && result.GetValue(_graph) is null) result.AddError("--out goes with --tensor or --graph.");
        });
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        bool json = arguments.GetValue(_json);
        if (arguments.GetValue(_kernels))
        {
            KernelReport.Write(Terminal, json);
            return ExitCode.Ok;
        }

        string path = EmbeddedModel.OrGiven(arguments.GetValue(_model));
        if (arguments.GetValue(_graph) is { } graph)
        {
            WriteGraph(path, graph == "optimized" ? _without.Read(arguments) : null, json ? "json" : arguments.GetValue(_format) ?? "text", arguments.GetValue(_out));
            return ExitCode.Ok;
        }

        using ModelFiles files = ModelFiles.Open(path);
        if (arguments.GetValue(_tensor) is { } name) return await ShowTensorAsync(files, name, arguments.GetValue(_out), json, cancellation);
        ModelOverview overview = new(files);
        if (json) overview.WriteJson(Terminal);
        else overview.Write(Terminal);
        return ExitCode.Ok;
    }

    /// <param name="path">The model.</param>
    /// <param name="without">Passes to leave out of all; null for the graph as it is built.</param>
    /// <param name="format">How to show it.</param>
    /// <param name="outPath">Where to write it; null for the output.</param>
    private void WriteGraph(string path, string[]? without, string format, string? outPath)
    {
        using ModelPackage package = ModelPackage.Open(path);
        string text = (without is null ? Show(package.Graph, format) : Show(AsItRuns(package.Graph, without), format)).TrimEnd('\n', '\r');
        if (outPath is null)
        {
            Terminal.Out.WriteLine(text);
            return;
        }

        File.WriteAllText(outPath, text + "\n");
        Terminal.Note($"Wrote the graph to {outPath}.");
    }

    private static string Show(ComputationGraph graph, string format) => format switch
    {
        "mermaid" => GraphFormatter.ToMermaid(graph),
        "json" => GraphFormatter.ToJson(graph),
        "svg" => GraphFormatter.ToSvg(graph),
        _ => GraphFormatter.ToText(graph),
    };

    private static string Show(OptimizationTrace trace, string format) => format switch
    {
        "mermaid" => GraphFormatter.ToMermaid(trace.Graph),
        "json" => GraphFormatter.ToJson(trace),
        "svg" => GraphFormatter.ToSvg(trace, IBackend.UsualBatchRows),
        _ => GraphFormatter.ToText(trace, IBackend.UsualBatchRows),
    };

    /// <summary>Through the passes of every backend, then those of the CPU's plan.</summary>
    private static OptimizationTrace AsItRuns(ComputationGraph graph, string[] without)
    {
        OptimizationTrace passes = GraphOptimizer.Trace(graph, [.. without.Except(PlanPasses.All)]), plan = PlanPasses.Trace(passes.Graph, without);
        return new OptimizationTrace(graph, plan.Graph, [.. passes.Passes, .. plan.Passes]);
    }

    private async Task<int> ShowTensorAsync(ModelFiles files, string name, string? outPath, bool json, CancellationToken cancellation)
    {
        if (!files.Tensors.TryGetValue(name, out Tensor? tensor))
            throw new CommandFailure($"{files.Path}: tensor '{name}': there is none of this name{Similar(files, name)}");
        if (outPath is null)
        {
            TensorStatistics statistics = await WorkProgress.RunAsync(
                Terminal, $"Reading {name}", (progress, token) => TensorStatistics.Of(tensor, progress, token), cancellation);
            if (json) TensorReport.WriteJson(Terminal, tensor, statistics);
            else TensorReport.Write(Terminal, tensor, statistics);
            return ExitCode.Ok;
        }

        await WorkProgress.RunAsync(
            Terminal,
            $"Writing {outPath}",
            (progress, token) =>
            {
                TensorValues.Write(tensor, outPath, progress, token);
                return true;
            },
            cancellation);
        long bytes = tensor.Length * sizeof(float);
        if (json) JsonOutput.WriteLine(Terminal, new { name, type = tensor.Format.Name, shape = tensor.Shape, output = outPath, bytes });
        else Terminal.Note($"Wrote {name} {TensorReport.Shape(tensor.Shape)} to {outPath}: {Numbers.Bytes(bytes)} of float32.");
        return ExitCode.Ok;
    }

    /// <summary>Names a user may have meant: those that hold what was typed, or the other way round.</summary>
    private static string Similar(ModelFiles files, string name)
    {
        bool IsSimilar(string known) =>
            known.Contains(name, StringComparison.OrdinalIgnoreCase) || name.Contains(known, StringComparison.OrdinalIgnoreCase);

        string[] similar = [.. files.Tensors.Keys.Where(IsSimilar).Take(4)];
        return similar.Length == 0 ? "; 'autoglm inspect' lists them" : $"; there are {string.Join(", ", similar)}";
    }
}
