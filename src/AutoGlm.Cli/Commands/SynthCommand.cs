using System.CommandLine;
using AutoGlm.Cli.Options;
using AutoGlm.Cli.Output;
using AutoGlm.Models.Synthesis;

namespace AutoGlm.Cli.Commands;

/// <summary><c>autoglm synth</c>: a model of random weights.</summary>
internal sealed class SynthCommand : Verb
{
    private readonly Argument<string> _shape = new("SHAPE") { Description = $"After which model: {SyntheticShape.Names}." };
    private readonly Argument<string> _type = new("TYPE") { Description = $"How its matrices are stored: {SyntheticType.Names}." };
    private readonly Argument<string> _out = new("OUT") { Description = "The .gguf file to write." };
    private readonly Option<int> _seed = new Option<int>("--seed", "-s")
    {
        Description = "The same seed gives the same file.",
        HelpName = "S",
        DefaultValueFactory = _ => 1,
    };
    private readonly Option<bool> _json = CommonOptions.Json();

    public SynthCommand(Terminal terminal)
        : base(
            terminal,
            "synth",
            "Writes a GGUF file of random weights in the shape of a published model: for benchmarks; it says nothing.",
            "autoglm synth 1b Q4_K_M synthetic-1b.gguf",
            "autoglm synth glm4-9b Q8_0 glm.gguf --seed 7")
    {
        Add(_shape);
        Add(_type);
        Add(_out);
        Add(_seed);
        Add(_json);
        Validators.Add(result =>
        {
            Try(result.AddError, () => SyntheticShape.Get(result.GetRequiredValue(_shape)));
            Try(result.AddError, () => SyntheticType.Parse(result.GetRequiredValue(_type)));
        });
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        SyntheticShape shape = SyntheticShape.Get(arguments.GetRequiredValue(_shape));
        SyntheticType type = SyntheticType.Parse(arguments.GetRequiredValue(_type));
        string path = arguments.GetRequiredValue(_out);
        int seed = arguments.GetValue(_seed);
        long bytes = await WorkProgress.RunAsync(Terminal, $"Writing {path}", (progress, token) =>
        {
            SyntheticModel.Write(shape, type, path, progress, seed, token);
            return new FileInfo(path).Length;
        }, cancellation);
        if (arguments.GetValue(_json)) JsonOutput.WriteLine(Terminal, new { path, shape = shape.Name, type = type.Name, seed, bytes });
        else Terminal.Out.WriteLine($"{path}: {shape.Name} {type.Name}, {Numbers.Bytes(bytes)}");
        return ExitCode.Ok;
    }

    private static void Try(Action<string> addError, Action action)
    {
        try
        {
            action();
        }
        catch (ArgumentException error)
        {
            addError(ErrorReport.Describe(error));
        }
        catch (InvalidOperationException)
        {
            // The argument is missing, which the parser reports itself.
        }
    }
}
