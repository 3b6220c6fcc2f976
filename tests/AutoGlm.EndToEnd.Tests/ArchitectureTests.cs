using System.Xml.Linq;

namespace AutoGlm.EndToEnd.Tests;

/// <summary>Arrows between projects point one way, and an app that embeds the engine pulls little.</summary>
public class ArchitectureTests
{
    /// <summary>What each project may reference, and everything those may.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["AutoGlm.Formats"] = [],
        ["AutoGlm.Graph"] = ["AutoGlm.Formats"],
        ["AutoGlm.Models"] = ["AutoGlm.Graph"],
        ["AutoGlm.Cpu"] = ["AutoGlm.Graph"],
        ["AutoGlm.Cuda"] = ["AutoGlm.Graph"],
        ["AutoGlm.KvCache"] = ["AutoGlm.Graph"],
        ["AutoGlm.Engine"] = ["AutoGlm.Models", "AutoGlm.Cpu", "AutoGlm.Cuda", "AutoGlm.KvCache"],
        ["AutoGlm.Server"] = ["AutoGlm.Engine"],
        ["AutoGlm.Cli"] = ["AutoGlm.Engine", "AutoGlm.Server"],
    };

    private static readonly Dictionary<string, string[]> AllowedPackages = new()
    {
        ["AutoGlm.Engine"] = ["Microsoft.Extensions.AI.Abstractions", "System.Numerics.Tensors"],
        ["AutoGlm.Server"] = ["Microsoft.AspNetCore.OpenApi", "OpenTelemetry.Exporter.Prometheus.AspNetCore", "OpenTelemetry.Extensions.Hosting"],
        ["AutoGlm.Cli"] = ["System.CommandLine", "Spectre.Console", "HdrHistogram", "ScottPlot"],
    };

    public static TheoryData<string> Projects() => new(Directory.GetFiles(TestData.InRepository("src"), "*.csproj", SearchOption.AllDirectories));

    [Theory]
    [MemberData(nameof(Projects))]
    public void Projects_reference_only_what_is_below_them(string path)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        Assert.Contains(name, Allowed.Keys);
        XDocument project = XDocument.Load(path);
        string[] references = [.. project.Descendants("ProjectReference").Select(item => Path.GetFileNameWithoutExtension((string)item.Attribute("Include")!))];
        string[] packages = [.. project.Descendants("PackageReference").Select(item => (string)item.Attribute("Include")!)];

        Assert.Empty(references.Except(Allowed[name]));
        Assert.Empty(packages.Except(AllowedPackages.GetValueOrDefault(name, [])));
    }

    [Fact]
    public void No_backend_knows_an_architecture_and_no_architecture_a_backend()
    {
        string[] cpu = Directory.GetFiles(TestData.InRepository("src", "AutoGlm.Cpu"), "*.cs", SearchOption.AllDirectories);
        string[] models = Directory.GetFiles(TestData.InRepository("src", "AutoGlm.Models"), "*.cs", SearchOption.AllDirectories);

        Assert.DoesNotContain(cpu, file => File.ReadAllText(file).Contains("AutoGlm.Models"));
        Assert.DoesNotContain(models, file => File.ReadAllText(file).Contains("AutoGlm.Cpu"));
    }
}
