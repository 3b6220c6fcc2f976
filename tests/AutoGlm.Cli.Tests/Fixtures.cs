namespace AutoGlm.Cli.Tests;

/// <summary>Files that tests use.</summary>
internal static class Fixtures
{
    /// <summary>A tiny random model without chat template.</summary>
    public static string Granite { get; } = TestData.InRepository("tests", "AutoGlm.Cli.Tests", "Fixtures", "granite.gguf");

    /// <summary>What transformers gives for it in double precision.</summary>
    public static string GraniteGolden { get; } = TestData.InRepository("tests", "AutoGlm.Cli.Tests", "Fixtures", "granite.golden.safetensors");
}
