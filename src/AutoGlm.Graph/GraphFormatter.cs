using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AutoGlm.Graph.Drawing;
using AutoGlm.Graph.Nodes;
using AutoGlm.Graph.Passes;

namespace AutoGlm.Graph;

/// <summary>Shows a graph to people and programs.</summary>
public static partial class GraphFormatter
{
    /// <summary>A line a node, in order, then the totals.</summary>
    public static string ToText(ComputationGraph graph)
    {
        StringBuilder text = new();
        for (int i = 0; i < graph.Nodes.Count; i++)
            text.AppendLine($"%{i,-5} {Label(graph.Nodes[i]),-40} {Shape(graph.Nodes[i]),-16} {string.Join(", ", graph.Nodes[i].Inputs)}".TrimEnd());

        text.AppendLine($"return {graph.Output}");
        MemoryPlan plan = MemoryPlan.For(graph);
        text.AppendLine($"{graph.Nodes.Count} nodes: {string.Join(", ", graph.CountOperations().Select(pair => $"{pair.Value} {pair.Key}"))}");
        text.AppendLine($"activations: {plan.BytesPerRow:N0} bytes a row in {plan.Widths.Count} buffers ({plan.UnplannedBytesPerRow:N0} without reuse)");
        return text.ToString();
    }

    /// <summary>The optimised graph, then what each pass did to it, and its memory before and after.</summary>
    /// <param name="trace">How it was optimised.</param>
    /// <param name="rows">Rows of a batch, for its memory.</param>
    public static string ToText(OptimizationTrace trace, int rows)
    {
        StringBuilder text = new(ToText(trace.Graph));
        text.AppendLine("passes:");
        foreach (PassResult pass in trace.Passes)
        {
            string changes = pass.Changes.Count == 0 ? "no change" : string.Join(", ", pass.Changes.Select(change => $"{change.Change:+0;-0} {change.Operation}"));
            text.AppendLine($"  {pass.Pass,-22} {pass.Before.Nodes.Count,5} -> {pass.After.Nodes.Count,5} nodes  {changes}");
        }

        text.AppendLine(NodeTotals(trace));
        text.AppendLine(MemoryTotals(trace, rows));
        return text.ToString();
    }

    /// <summary>A drawing: see <see cref="SvgDrawing"/>.</summary>
    public static string ToSvg(ComputationGraph graph) => SvgDrawing.Draw(graph, [graph.Name, $"{graph.Nodes.Count} nodes"]);

    /// <summary>The optimised graph as a drawing, with its memory before and after.</summary>
    /// <param name="trace">How it was optimised.</param>
    /// <param name="rows">Rows of a batch, for its memory.</param>
    public static string ToSvg(OptimizationTrace trace, int rows)
    {
        string[] totals = [NodeTotals(trace), .. MemoryTotals(trace, rows).Split(": ", 2)];
        return SvgDrawing.Draw(trace.Graph, [trace.Graph.Name, .. totals]);
    }

    private static string NodeTotals(OptimizationTrace trace) => $"{trace.Original.Nodes.Count} nodes before the passes, {trace.Graph.Nodes.Count} after";

    private static string MemoryTotals(OptimizationTrace trace, int rows)
    {
        MemoryPlan before = MemoryPlan.For(trace.Original), after = MemoryPlan.For(trace.Graph);
        return $"peak activations of {rows:N0} rows: {Mebibytes(before.UnplannedBytesPerRow * rows)} with a buffer for each value, "
            + $"{Mebibytes(before.BytesPerRow * rows)} with buffers reused, {Mebibytes(after.BytesPerRow * rows)} after the passes";
    }

    /// <summary>A Mermaid flow chart.</summary>
    public static string ToMermaid(ComputationGraph graph)
    {
        StringBuilder text = new("flowchart TD\n");
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            text.Append($"  n{i}[\"{Label(graph.Nodes[i])}<br/>{Shape(graph.Nodes[i])}\"]\n");
            foreach (Value input in graph.Nodes[i].Inputs) text.Append($"  n{input.Index} --> n{i}\n");
        }

        return text.ToString();
    }

    /// <summary>The nodes, their inputs and weights, and the totals, as JSON.</summary>
    public static string ToJson(ComputationGraph graph) => JsonOf(graph).ToJsonString();

    /// <summary>The optimised graph as JSON, with what each pass did to it, and the totals before them.</summary>
    public static string ToJson(OptimizationTrace trace)
    {
        JsonObject json = JsonOf(trace.Graph);
        MemoryPlan before = MemoryPlan.For(trace.Original);
        json["before_passes"] = JsonSerializer.SerializeToNode(new
        {
            nodes = trace.Original.Nodes.Count,
            activation_bytes_per_row = before.BytesPerRow,
            activation_bytes_per_row_without_reuse = before.UnplannedBytesPerRow,
        });
        json["passes"] = JsonSerializer.SerializeToNode(trace.Passes.Select(pass => new
        {
            name = pass.Pass,
            nodes = pass.After.Nodes.Count,
            changes = pass.Changes.ToDictionary(change => change.Operation, change => change.Change),
        }));
        return json.ToJsonString();
    }

    private static JsonObject JsonOf(ComputationGraph graph)
    {
        MemoryPlan plan = MemoryPlan.For(graph);
        return JsonSerializer.SerializeToNode(new
        {
            name = graph.Name,
            nodes = graph.Nodes.Select((node, i) => new
            {
                id = i,
                operation = node.Operation,
                detail = Detail(node),
                rows = RowName(node),
                width = node.Width,
                inputs = node.Inputs.Select(input => input.Index),
                weights = node.Weights.Select(weight => new { name = weight.Name, shape = weight.Shape }),
            }),
            output = graph.Output.Index,
            operations = graph.CountOperations(),
            activation_bytes_per_row = plan.BytesPerRow,
            activation_bytes_per_row_without_reuse = plan.UnplannedBytesPerRow,
        })!.AsObject();
    }

    private static string Mebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:N1} MiB");

    private static string Label(Node node) =>
        string.Join(' ', new[] { node.Operation, Detail(node) }.Concat(node.Weights.Select(weight => weight.Name)).Where(part => part.Length > 0));

    /// <summary>A parameter's name without its layer's number, which is where GGUF's names have it: <c>blk.7.attn_q.weight</c>.</summary>
    internal static string WithoutLayer(string name) => LayerNumber().Replace(name, "").Replace(".weight", "", StringComparison.Ordinal);

    [GeneratedRegex(@"blk\.\d+\.")]
    private static partial Regex LayerNumber();

    /// <summary>What tells a node from others of its operation.</summary>
    internal static string Detail(Node node) => node switch
    {
        Scale scale => string.Create(CultureInfo.InvariantCulture, $"by {scale.Factor}"),
        SoftCap cap => string.Create(CultureInfo.InvariantCulture, $"at {cap.Cap}"),
        Activate activate => activate.Kind.ToString(),
        Gated gated => gated.Kind.ToString(),
        Slice { Groups: 1 } slice => $"at {slice.Offset}",
        Slice slice => $"at {slice.Offset} of {slice.Groups}",
        Concat { Groups: > 1 } concat => $"of {concat.Groups}",
        MatMul { Norm: not null } => "normed",
        ResidualAdd { Norm: not null } => "normed",
        Attention { Rotation: not null } attention => $"layer {attention.Shape.Layer} rotary",
        Attention attention => $"layer {attention.Shape.Layer}",
        _ => "",
    };

    private static string Shape(Node node) => $"[{RowName(node)}, {node.Width}]";

    internal static string RowName(Node node) => node.Rows == RowSpace.Tokens ? "tokens" : "logits";
}
