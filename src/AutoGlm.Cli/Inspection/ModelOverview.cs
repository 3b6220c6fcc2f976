using System.Globalization;
using System.Text.Json;
using AutoGlm.Cli.Loading;
using AutoGlm.Cli.Output;
using AutoGlm.Formats;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph;
using AutoGlm.Graph.Passes;
using AutoGlm.Models;
using Spectre.Console;

namespace AutoGlm.Cli.Inspection;

/// <summary>A model's files, shown: metadata, tensors, sizes, and its graph in figures.</summary>
internal sealed class ModelOverview
{
    private const int LongestValue = 120;

    private readonly ModelFiles _files;
    private readonly string? _architecture;
    private readonly string? _noGraph;
    private readonly GraphFigures? _raw, _optimized;

    public ModelOverview(ModelFiles files)
    {
        _files = files;
        try
        {
            using ModelPackage package = ModelPackage.Open(files.Path);
            _architecture = package.Architecture;
            _raw = GraphFigures.Of(package.Graph);
            _optimized = GraphFigures.Of(GraphOptimizer.Optimize(package.Graph));
        }
        catch (ModelFormatException error)
        {
            _noGraph = error.Message;
        }
    }

    private long Parameters => _files.Tensors.Values.Sum(tensor => tensor.Length);

    private long TensorBytes => _files.Tensors.Values.Sum(tensor => tensor.ByteLength) + _files.OtherArrays.Sum(array => array.ByteLength);

    /// <summary>Number, values and bytes of the tensors of each type, the largest first.</summary>
    private IEnumerable<(string Type, int Tensors, long Values, long Bytes)> Types => _files.Tensors.Values
        .GroupBy(tensor => tensor.Format.Name)
        .Select(group => (group.Key, group.Count(), group.Sum(tensor => tensor.Length), group.Sum(tensor => tensor.ByteLength)))
        .OrderByDescending(type => type.Item4);

    public void WriteJson(Terminal terminal) => JsonOutput.WriteLine(terminal, new
    {
        path = _files.Path,
        format = _files.Kind,
        file_bytes = _files.FileBytes,
        architecture = _architecture,
        parameters = Parameters,
        tensor_bytes = TensorBytes,
        metadata = new Dictionary<string, object?>(_files.Metadata),
        types = Types.Select(type => new { type = type.Type, tensors = type.Tensors, parameters = type.Values, bytes = type.Bytes }),
        tensors = _files.Tensors.Values.Select(tensor => new { name = tensor.Name, type = tensor.Format.Name, shape = tensor.Shape, bytes = tensor.ByteLength }),
        other_arrays = _files.OtherArrays.Select(array => new { name = array.Name, type = array.Dtype.ToString(), shape = array.Shape, bytes = array.ByteLength }),
        graph = _raw is null ? null : new { raw = _raw, optimized = _optimized },
        no_graph = _noGraph,
    });

    public void Write(Terminal terminal)
    {
        Table summary = Tables.Create(terminal, "model", PlainText.OneLine(_files.Path));
        summary.Add("format", _files.Kind);
        if (_architecture is not null) summary.Add("architecture", _architecture);
        summary.Add("file size", $"{Numbers.Bytes(_files.FileBytes)} ({_files.FileBytes.ToString("N0", CultureInfo.InvariantCulture)} bytes)");
        summary.Add("parameters", Numbers.Count(Parameters));
        summary.Add("tensors", $"{_files.Tensors.Count + _files.OtherArrays.Count}, {Numbers.Bytes(TensorBytes)}");
        WriteGraph(summary);
        Tables.Write(terminal, summary);

        Table metadata = Tables.Create(terminal, "metadata", "value");
        foreach ((string key, object? value) in _files.Metadata) metadata.Add(key, PlainText.Abridged(Text(value), LongestValue));
        WriteSection(terminal, metadata);

        Table tensors = Tables.Create(terminal, "tensor", "type", "shape", ">size");
        foreach (Tensor tensor in _files.Tensors.Values) tensors.Add(tensor.Name, tensor.Format.Name, TensorReport.Shape(tensor.Shape), Numbers.Bytes(tensor.ByteLength));
        foreach (var array in _files.OtherArrays) tensors.Add(array.Name, array.Dtype.ToString(), TensorReport.Shape(array.Shape), Numbers.Bytes(array.ByteLength));
        WriteSection(terminal, tensors);

        Table types = Tables.Create(terminal, "type", ">tensors", ">parameters", ">size", ">bits each");
        foreach ((string type, int count, long values, long bytes) in Types)
            types.Add(type, $"{count:N0}", Numbers.Count(values), Numbers.Bytes(bytes), $"{8.0 * bytes / Math.Max(1, values):F2}");
        WriteSection(terminal, types);
    }

    private void WriteGraph(Table summary)
    {
        if (_raw is null || _optimized is null)
        {
            summary.Add("graph", $"none: {_noGraph}");
            return;
        }

        string operations = string.Join(", ", _optimized.Operations.Select(pair => $"{pair.Value} {pair.Key}"));
        summary.Add("graph", $"{_raw.Nodes} nodes, {_optimized.Nodes} after its passes: {operations}");
        summary.Add("activations", $"{Numbers.Bytes(_optimized.ActivationBytesPerRow)} a row, {Numbers.Bytes(_raw.ActivationBytesPerRow)} before the passes");
    }

    private static void WriteSection(Terminal terminal, Table table)
    {
        if (table.Rows.Count == 0) return;
        terminal.Out.WriteLine();
        Tables.Write(terminal, table);
    }

    private static string Text(object? value) => value switch
    {
        null => "null",
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } element => element.GetString()!,
        _ => JsonSerializer.Serialize(value, JsonOutput.Options),
    };

    /// <summary>A graph in figures.</summary>
    private sealed record GraphFigures(int Nodes, SortedDictionary<string, int> Operations, long ActivationBytesPerRow)
    {
        public static GraphFigures Of(ComputationGraph graph) => new(
            graph.Nodes.Count,
            new(graph.Nodes.GroupBy(node => node.Operation).ToDictionary(group => group.Key, group => group.Count()), StringComparer.Ordinal),
            MemoryPlan.For(graph).BytesPerRow);
    }
}
