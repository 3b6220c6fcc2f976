namespace AutoGlm.Cuda.Modules;

/// <summary>The kernels of a card by name, each compiled when it is first asked for, or taken from the cache on disk.</summary>
internal sealed class KernelLibrary : IDisposable
{
    private readonly CudaDevice _device;
    private readonly CubinCache _cache;
    private readonly Dictionary<string, PtxText> _sources = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CudaFunction> _functions = new(StringComparer.Ordinal);
    private readonly List<CudaModule> _modules = [];

    /// <param name="device">The card.</param>
    /// <param name="cacheFolder">Where machine code is kept; null to keep none.</param>
    public KernelLibrary(CudaDevice device, string? cacheFolder)
    {
        _device = device;
        _cache = new CubinCache(cacheFolder, device.DriverVersion.ToString(), $"sm_{device.ComputeCapability.Major}{device.ComputeCapability.Minor}");
        foreach ((string module, string[] targets) in KernelBundle.Modules)
        {
            foreach (string target in targets.Where(target => KernelBundle.Runs(target, device.ComputeCapability)))
            {
                PtxText text = PtxText.Parse(KernelBundle.Read(module, target));
                foreach (string kernel in text.Kernels) _sources.TryAdd(kernel, text);
            }
        }
    }

    /// <summary>Names of all kernels that run on the card.</summary>
    public IEnumerable<string> Names => _sources.Keys.Order(StringComparer.Ordinal);

    public bool Contains(string name) => _sources.ContainsKey(name);

    /// <summary>Compiles kernels side by side, so that asking for them later is quick.</summary>
    public void Prepare(IEnumerable<string> names)
    {
        (string Name, byte[] Code)[] made = [.. names.Distinct().Where(name => !_functions.ContainsKey(name)).AsParallel().Select(name => (name, Compile(name)))];
        _device.MakeCurrent();
        foreach ((string name, byte[] code) in made) Load(name, code);
    }

    /// <summary>A kernel.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that name for this card.</exception>
    /// <exception cref="Bindings.CudaException">It does not compile.</exception>
    public CudaFunction Get(string name)
    {
        if (_functions.TryGetValue(name, out CudaFunction? known)) return known;
        _device.MakeCurrent();
        return Load(name, Compile(name));
    }

    public void Dispose()
    {
        foreach (CudaModule module in _modules) module.Dispose();
        _modules.Clear();
        _functions.Clear();
    }

    private byte[] Compile(string name)
    {
        if (!_sources.TryGetValue(name, out PtxText? source)) throw new KeyNotFoundException($"There is no kernel {name} for {_device}.");
        return _cache.Get(source.Of(name), ptx =>
        {
            _device.MakeCurrent();
            return CudaModule.Compile(ptx, name);
        });
    }

    private CudaFunction Load(string name, byte[] code)
    {
        CudaModule module = new(code, name);
        _modules.Add(module);
        return _functions[name] = new CudaFunction(name, module.GetFunction(name));
    }
}
