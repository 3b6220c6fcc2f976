using System.Globalization;
using AutoGlm.Cpu;
using AutoGlm.Cpu.Reference;
using AutoGlm.Cuda;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Execution.Split;

namespace AutoGlm.Engine;

/// <summary>Chooses what a model runs on.</summary>
public static class Backends
{
    private const string Cpu = "cpu", Cuda = "cuda", Auto = "auto";

    /// <summary>True where a text names a device: cpu, cuda, cuda:N or auto.</summary>
    public static bool IsDevice(string text) => text is Cpu or Auto || CudaOrdinal(text) is not null;

    /// <summary>True where a text says how many layers a card computes: a number of at least 0, or auto.</summary>
    public static bool IsLayers(string text) => text == Auto || LayerCount(text) is not null;

    /// <summary>The backend that options ask for.</summary>
    /// <param name="options">The options.</param>
    /// <param name="context">Longest sequence in tokens.</param>
    /// <exception cref="ArgumentException">The device is unknown, or layers are to be on a card and the device is none.</exception>
    /// <exception cref="NotSupportedException">A card is asked for that cannot be used.</exception>
    internal static IBackend Create(EngineOptions options, int context)
    {
        if (!IsDevice(options.Device)) throw new ArgumentException($"There is no device '{options.Device}'; it should be cpu, cuda, cuda:N or auto.", nameof(options));
        int? card = options.Device == Auto ? (CudaDevice.Count(out _) > 0 ? 0 : null) : CudaOrdinal(options.Device);
        if (options.GpuLayers is { } layers)
        {
            if (!IsLayers(layers)) throw new ArgumentException($"There are no '{layers}' layers for a card; it should be a number or auto.", nameof(options));
            if (options.Device == Cpu) throw new ArgumentException($"{nameof(EngineOptions.GpuLayers)} needs a card; set {nameof(EngineOptions.Device)} to cuda, cuda:N or auto.", nameof(options));
        }

        if (card is not { } ordinal) return CreateHost(options);
        CudaBackend device = new(new CudaOptions { Device = ordinal, Reference = options.Reference }.Without([.. options.WithoutPasses.Intersect(CudaPasses.All)]));
        return options.GpuLayers is null ? device : new SplitBackend(device, CreateHost(options), SplitOf(options, context));
    }

    private static SplitOptions SplitOf(EngineOptions options, int context) => new()
    {
        Layers = LayerCount(options.GpuLayers!),
        KvType = options.KvType,
        KvTokens = context,
    };

    private static IBackend CreateHost(EngineOptions options)
    {
        if (options.Reference) return new ReferenceBackend();
        string[] withoutPlan = [.. options.WithoutPasses.Intersect(PlanPasses.All)];
        return new CpuBackend(new CpuOptions { Threads = options.Threads, Isa = options.Isa, WithoutPasses = withoutPlan, WeightCache = options.ToWeightCache() });
    }

    /// <summary>How many layers; null where the text is no number.</summary>
    private static int? LayerCount(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int layers) ? layers : null;

    /// <summary>The card's number; null where the text names no card.</summary>
    private static int? CudaOrdinal(string text)
    {
        if (text == Cuda) return 0;
        bool numbered = text.StartsWith(Cuda + ":", StringComparison.Ordinal);
        return numbered && int.TryParse(text.AsSpan(Cuda.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int ordinal) ? ordinal : null;
    }
}
