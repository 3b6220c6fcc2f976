using System.CommandLine;
using AutoGlm.Engine;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cli.Options;

/// <summary>How a model is loaded and run.</summary>
internal sealed class RuntimeOptions
{
    private readonly Option<int?> _context = new Option<int?>("--ctx")
    {
        Description = "Longest prompt plus answer, in tokens. Without it, what the model was made for, 8192 at most.",
        HelpName = "N",
    }.Between(1, 1 << 24);
    private readonly Option<int?> _batchTokens = new Option<int?>("--batch-tokens")
    {
        Description = "Most tokens computed in one step; longer prompts go in pieces. Without it, 512, and 2048 on a card.",
        HelpName = "N",
    }.Between(1, 1 << 16);
    private readonly Option<string> _device = new("--device")
    {
        Description = "What computes: cpu, cuda (the first NVIDIA card), cuda:N, or auto for a card where there is one.",
        HelpName = "DEVICE",
        DefaultValueFactory = _ => "cpu",
    };
    private readonly Option<string?> _gpuLayers = new("--gpu-layers")
    {
        Description = "Layers on the card, from the first; the processor computes the rest. N, or auto for as many as fit. Without it, all.",
        HelpName = "N|auto",
    };
    private readonly Option<int?> _threads = new Option<int?>("--threads", "-t")
    {
        Description = "Threads that compute. Without it, one for each physical core.",
        HelpName = "N",
    }.Between(1, 64);
    private readonly Option<string> _kvType = new("--kv-type")
    {
        Description = "How keys and values are stored: f16, f32, or q8_0 (half the memory of f16).",
        HelpName = "TYPE",
    };
    private readonly Option<string> _isa = new("--isa")
    {
        Description = "Vector instructions: auto, scalar, vector128, avx2, avxvnni, avx512 or avx512vnni.",
        HelpName = "SET",
        DefaultValueFactory = _ => "auto",
    };
    private readonly Option<bool> _reference = new("--reference")
    {
        Description = "Compute by definition: slow, one thread, no vector instructions (for checking).",
    };
    private readonly Option<bool> _fullPrecision = new("--full-precision")
    {
        Description = "Hold weights as float32 and round nothing on the way: several times the memory and the time, for near ties to fall as by definition.",
    };
    private readonly Option<bool> _noWeightCache = new("--no-weight-cache")
    {
        Description = "Pack weights into memory each time, and keep nothing on disk for the next start.",
    };
    private readonly PassesOption _without = new(EngineOptions.PassNames, "Passes and steps of the plan to leave out, by name, with commas between them: what each of them brings.");

    /// <param name="command">The command that gets the options.</param>
    /// <param name="withContext">False where the command sets the context itself, as those that measure do.</param>
    /// <param name="kvType">How keys and values are stored where the command line does not say.</param>
    public RuntimeOptions(Command command, bool withContext = true, KvType kvType = KvType.F16)
    {
        _kvType.DefaultValueFactory = _ => kvType.ToString().ToLowerInvariant();
        _kvType.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, "f16", "f32", "q8_0");
        _isa.AcceptOnlyFromAmong("auto", "scalar", "vector128", "avx2", "avxvnni", "avx512", "avx512vnni");
        _device.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !Backends.IsDevice(text)) result.AddError($"--device {text}: should be cpu, cuda, cuda:N or auto");
        });
        _gpuLayers.Validators.Add(result =>
        {
            if (result.Tokens is not [{ Value: var text }]) return;
            if (!Backends.IsLayers(text)) result.AddError($"--gpu-layers {text}: should be a number of layers, or auto");
            else if (result.GetValue(_device) is null or "cpu") result.AddError($"--gpu-layers {text}: needs --device cuda, cuda:N or auto");
        });
        _without.Hidden = withContext;
        if (withContext) command.Add(_context);
        command.Add(_device);
        command.Add(_gpuLayers);
        command.Add(_batchTokens);
        command.Add(_threads);
        command.Add(_kvType);
        command.Add(_isa);
        command.Add(_reference);
        command.Add(_fullPrecision);
        command.Add(_noWeightCache);
        command.Add(_without);
    }

    public EngineOptions Read(ParseResult arguments) => new()
    {
        Context = arguments.GetValue(_context),
        Device = arguments.GetRequiredValue(_device),
        GpuLayers = arguments.GetValue(_gpuLayers),
        BatchTokens = arguments.GetValue(_batchTokens),
        Threads = arguments.GetValue(_threads),
        Isa = arguments.GetRequiredValue(_isa),
        KvType = Enum.Parse<KvType>(arguments.GetRequiredValue(_kvType), ignoreCase: true),
        Reference = arguments.GetValue(_reference),
        FullPrecisionWeights = arguments.GetValue(_fullPrecision),
        WeightCache = !arguments.GetValue(_noWeightCache),
        WithoutPasses = _without.Read(arguments),
    };
}
