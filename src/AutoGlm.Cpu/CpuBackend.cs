using AutoGlm.Cpu.Kernels;
using AutoGlm.Cpu.Loading;
using AutoGlm.Cpu.Plan;
using AutoGlm.Cpu.Threading;
using AutoGlm.Graph;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cpu;

/// <summary>Runs graphs on this machine's processor: repacked weights, vector kernels, a team of threads.</summary>
public sealed class CpuBackend : IBackend
{
    private readonly ThreadTeam _team;
    private readonly KernelSet _kernels;
    private readonly PlanOptions _plan;
    private readonly WeightCache? _cache;
    private readonly List<string> _notices = [];

    /// <exception cref="ArgumentException">The instruction set is unknown, or this machine lacks it; or a plan pass is unknown.</exception>
    public CpuBackend(CpuOptions? options = null)
    {
        options ??= new CpuOptions();
        foreach (string name in options.WithoutPasses)
        {
            if (!PlanPasses.All.Contains(name)) throw new ArgumentException($"There is no plan pass '{name}'; there are {string.Join(", ", PlanPasses.All)}.", nameof(options));
        }

        ShortHash.Prepare();
        _cache = options.WeightCache;
        _plan = new PlanOptions(options.WithoutPasses);
        _kernels = KernelSet.Create(KernelIsas.Parse(options.Isa));
        _team = new ThreadTeam(options.Threads ?? ThreadTeam.DefaultThreads);
    }

    public string Name => $"CPU, {_kernels.Isa.ToString().ToLowerInvariant()}, {_team.Threads} {(_team.Threads == 1 ? "thread" : "threads")}";

    public IReadOnlyList<string> Notices => _notices;

    public IKvMemory AllocateKv(KvLayout layout, int blocks) => new HostKvMemory(layout, blocks);

    public IGraphExecutor Load(ComputationGraph graph, IWeightSource weights, int maxRows, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        WeightStore store = WeightStore.Load(graph, weights, _team, _cache, progress, cancellation);
        _notices.AddRange(store.Notices);
        try
        {
            return new CpuExecutor(graph, store, _team, _kernels, maxRows, _plan);
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    public void Dispose() => _team.Dispose();
}
