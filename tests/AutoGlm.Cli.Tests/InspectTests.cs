using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using AutoGlm.Formats.Gguf;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cli.Tests;

public class InspectTests
{
    private const string Query = "blk.0.attn_q.weight";

    [Fact]
    public async Task Shows_metadata_tensors_sizes_and_the_graph()
    {
        CommandRun run = (await CommandRun.OfAsync("inspect", "-m", Fixtures.Granite)).Succeeded();

        Assert.Matches(@"architecture +granite", run.Output);
        Assert.Matches(@"granite\.block_count +3\n", run.Output);
        Assert.Matches(@"blk\.0\.attn_q\.weight +F32 +\[64, 64\] +16\.0 KiB\n", run.Output);
        Assert.Matches(@"graph +\d+ nodes", run.Output);
        Assert.Matches(@"F32 +29 +150\.0 K +585\.8 KiB +32\.00\n", run.Output);
        Assert.DoesNotContain(" \n", run.Output);
        Assert.Equal("", run.Error);
    }

    [Fact]
    public async Task Json_holds_the_same()
    {
        JsonNode json = Assert.Single((await CommandRun.OfAsync("inspect", "-m", Fixtures.Granite, "--json")).Succeeded().Json);

        using GgufFile file = GgufFile.Open(Fixtures.Granite);
        Assert.Equal(file.Tensors.Count, json["tensors"]!.AsArray().Count);
        Assert.Equal(file.Tensors.Values.Sum(tensor => tensor.Length), (long)json["parameters"]!);
        Assert.Equal(file.Tensors.Values.Sum(tensor => tensor.ByteLength), json["types"]!.AsArray().Sum(type => (long)type!["bytes"]!));
        Assert.Equal(3, (int)json["metadata"]!["granite.block_count"]!);
        Assert.Equal(320, (int)json["metadata"]!["tokenizer.ggml.tokens"]!["count"]!);
        Assert.Equal(3, (int)json["graph"]!["optimized"]!["operations"]!["Attention"]!);
        Assert.Null(json["no_graph"]);
    }

    [Fact]
    public async Task A_graph_is_drawn_to_a_file_or_to_the_output()
    {
        using TempFolder folder = new();
        string path = folder["graph.svg"];
        CommandRun run = (await CommandRun.OfAsync("inspect", "-m", Fixtures.Granite, "--graph", "optimized", "--format", "svg", "--out", path)).Succeeded();
        CommandRun shown = (await CommandRun.OfAsync("inspect", "-m", Fixtures.Granite, "--graph", "optimized", "--format", "svg")).Succeeded();

        string drawing = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal("svg", XDocument.Parse(drawing).Root!.Name.LocalName);
        Assert.Contains("Attention", drawing);
        Assert.Equal(drawing.Trim(), shown.Output.Trim());
        Assert.DoesNotContain("<svg", run.Output);
    }

    [Theory]
    [InlineData("raw")]
    [InlineData("optimized")]
    public async Task Shows_the_graph_in_each_format(string graph)
    {
        CommandRun text = (await CommandRun.OfAsync("inspect", "-m", Fixtures.Granite, "--graph", graph)).Succeeded();
        CommandRun mermaid = (await CommandRun.OfAsync("inspect", "-m", Fixtures.Granite, "--graph", graph, "--format", "mermaid")).Succeeded();
        CommandRun json = (await CommandRun.OfAsync("inspect", "-m", Fixtures.Granite, "--graph", graph, "--format", "json")).Succeeded();
        CommandRun machine = (await CommandRun.OfAsync("inspect", "-m", Fixtures.Granite, "--graph", graph, "--json")).Succeeded();

        Assert.Contains("Attention", text.Output);
        Assert.StartsWith("flowchart", mermaid.Output);
        int nodes = Assert.Single(json.Json)["nodes"]!.AsArray().Count;
        Assert.Contains($"\n{nodes} nodes: ", text.Output);
        Assert.Equal(json.Output, machine.Output);
    }

    [Fact]
    public async Task Passes_of_the_graph_and_of_the_plan_can_be_left_out()
    {
        string[] optimized = ["inspect", "-m", Fixtures.Granite, "--graph", "optimized"];
        JsonNode all = Assert.Single((await CommandRun.OfAsync([.. optimized, "--json"])).Succeeded().Json);
        JsonNode some = Assert.Single((await CommandRun.OfAsync([.. optimized, "--json", "--without", "merge-projections,rotary-attention"])).Succeeded().Json);
        CommandRun text = (await CommandRun.OfAsync([.. optimized, "--without", "merge-projections", "--without", "rotary-attention"])).Succeeded();

        string[] names = [.. all["passes"]!.AsArray().Select(pass => (string)pass!["name"]!)];
        Assert.Contains("merge-projections", names);
        Assert.Contains("rotary-attention", names);
        Assert.Equal(names.Except(["merge-projections", "rotary-attention"]), some["passes"]!.AsArray().Select(pass => (string)pass!["name"]!));
        Assert.Null(all["operations"]!["Rope"]);
        Assert.Equal(6, (int)some["operations"]!["Rope"]!);
        Assert.DoesNotContain("merge-projections", text.Output);
        Assert.Contains(" Rope ", text.Output);
    }

    [Fact]
    public async Task A_tensors_statistics_are_those_of_its_values()
    {
        JsonNode json = Assert.Single((await CommandRun.OfAsync("inspect", "-m", Fixtures.Granite, "--tensor", Query, "--json")).Succeeded().Json);
        CommandRun text = (await CommandRun.OfAsync("inspect", "-m", Fixtures.Granite, "--tensor", Query)).Succeeded();

        float[] values = Values(Query);
        double mean = values.Average(value => (double)value);
        Assert.Equal(values.Length, (int)json["count"]!);
        Assert.Equal(values.Min(), (float)json["min"]!);
        Assert.Equal(values.Max(), (float)json["max"]!);
        Assert.Equal(mean, (double)json["mean"]!, 1e-9);
        Assert.Equal(Math.Sqrt(values.Average(value => (value - mean) * (value - mean))), (double)json["std"]!, 1e-9);
        Assert.Equal(values.Length, json["histogram"]!.AsArray().Sum(bin => (int)bin!["count"]!));
        Assert.Contains("standard deviation", text.Output);
        Assert.Contains("████", text.Output);
    }

    [Fact]
    public async Task A_tensors_values_go_to_a_file_as_raw_float32()
    {
        using TempFolder folder = new();

        (await CommandRun.OfAsync("inspect", "-m", Fixtures.Granite, "--tensor", Query, "--out", folder["q.f32"])).Succeeded();

        Assert.Equal(MemoryMarshal.AsBytes(Values(Query).AsSpan()).ToArray(), File.ReadAllBytes(folder["q.f32"]));
        Assert.False(File.Exists(folder["q.f32.partial"]));
    }

    [Fact]
    public async Task Odd_values_are_counted_apart()
    {
        using TempFolder folder = new();
        float[] values = [0, -0f, float.NaN, float.PositiveInfinity, 1, 3];
        WriteGguf(folder["odd.gguf"], new() { ["general.architecture"] = "nobody-knows" }, ("odd", values), ("none", [float.NaN]), ("same", [2, 2]));

        JsonNode odd = (await CommandRun.OfAsync("inspect", "-m", folder["odd.gguf"], "--tensor", "odd", "--json")).Succeeded().Json[0];
        JsonNode none = (await CommandRun.OfAsync("inspect", "-m", folder["odd.gguf"], "--tensor", "none", "--json")).Succeeded().Json[0];
        JsonNode same = (await CommandRun.OfAsync("inspect", "-m", folder["odd.gguf"], "--tensor", "same", "--json")).Succeeded().Json[0];

        Assert.Equal((1, 1, 2), ((int)odd["nan"]!, (int)odd["infinite"]!, (int)odd["zeros"]!));
        Assert.Equal(1, (double)odd["mean"]!);
        Assert.Null(none["mean"]);
        Assert.Equal(2, (int)Assert.Single(same["histogram"]!.AsArray())!["count"]!);
    }

    [Fact]
    public async Task A_file_of_which_no_graph_can_be_made_is_shown_all_the_same()
    {
        using TempFolder folder = new();
        WriteGguf(folder["odd.gguf"], new() { ["general.architecture"] = "nobody-knows", ["general.name"] = "Evil \u001b[31mname" }, ("a", [1, 2]));

        CommandRun text = (await CommandRun.OfAsync("inspect", "-m", folder["odd.gguf"])).Succeeded();
        JsonNode json = (await CommandRun.OfAsync("inspect", "-m", folder["odd.gguf"], "--json")).Succeeded().Json[0];

        Assert.Contains("'nobody-knows' is not supported", text.Output);
        Assert.DoesNotContain('\u001b', text.Output);
        Assert.Contains("nobody-knows", (string)json["no_graph"]!);
        (await CommandRun.OfAsync("inspect", "-m", folder["odd.gguf"], "--graph", "raw")).FailedWith(1, "odd.gguf: general.architecture:");
    }

    [Fact]
    public async Task A_tensor_that_is_not_there_is_named_with_those_that_may_be_meant() =>
        (await CommandRun.OfAsync("inspect", "-m", Fixtures.Granite, "--tensor", "attn_q")).FailedWith(1, "attn_q", Query);

    private static float[] Values(string tensor)
    {
        using GgufFile file = GgufFile.Open(Fixtures.Granite);
        return file.Tensors[tensor].Decode();
    }

    private static void WriteGguf(string path, GgufMetadata metadata, params (string Name, float[] Values)[] tensors)
    {
        GgufWriter writer = new(metadata);
        foreach ((string name, float[] values) in tensors) writer.Add(name, TensorType.F32, [values.Length], stream => stream.Write(MemoryMarshal.AsBytes(values.AsSpan())));
        writer.Write(path);
    }
}
