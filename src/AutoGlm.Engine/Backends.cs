using System.Globalization;
using AutoGlm.Cpu;
using AutoGlm.Cpu.Reference;
using AutoGlm.Cuda;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Engine;

/// <summary>Chooses what a model runs on.</summary>
public static class Backends
{
    private const string Cpu = "cpu", Cuda = "cuda", Auto = "auto";

    /// <summary>True where a text names a device: cpu, cuda, cuda:N or auto.</summary>
    public static bool IsDevice(string text) => text is Cpu or Auto || CudaOrdinal(text) is not null;

    /// <summary>The backend that options ask for.</summary>
    /// <exception cref="ArgumentException">The device is unknown.</exception>
    /// <exception cref="NotSupportedException">A card is asked for that cannot be used.</exception>
    internal static IBackend Create(EngineOptions options)
    {
        if (!IsDevice(options.Device)) throw new ArgumentException($"There is no device '{options.Device}'; it should be cpu, cuda, cuda:N or auto.", nameof(options));
        int? card = options.Device == Auto ? (CudaDevice.Count(out _) > 0 ? 0 : null) : CudaOrdinal(options.Device);
        if (card is not null) return new CudaBackend(new CudaOptions { Device = card.Value, Reference = options.Reference }.Without([.. options.WithoutPasses.Intersect(CudaPasses.All)]));
        if (options.Reference) return new ReferenceBackend();
        string[] withoutPlan = [.. options.WithoutPasses.Intersect(PlanPasses.All)];
        return new CpuBackend(new CpuOptions { Threads = options.Threads, Isa = options.Isa, WithoutPasses = withoutPlan });
    }

    /// <summary>The card's number; null where the text names no card.</summary>
    private static int? CudaOrdinal(string text)
    {
        if (text == Cuda) return 0;
        bool numbered = text.StartsWith(Cuda + ":", StringComparison.Ordinal);
        return numbered && int.TryParse(text.AsSpan(Cuda.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int ordinal) ? ordinal : null;
    }
}
