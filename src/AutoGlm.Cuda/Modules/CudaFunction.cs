using AutoGlm.Cuda.Bindings;

namespace AutoGlm.Cuda.Modules;

/// <summary>Blocks of a launch.</summary>
internal readonly record struct Grid(int X, int Y = 1, int Z = 1)
{
    /// <summary>So many blocks of <paramref name="each"/> as cover <paramref name="count"/>.</summary>
    public static int Cover(long count, int each) => checked((int)((count + each - 1) / each));
}

/// <summary>
/// A kernel. By the convention of this project a kernel takes one parameter: a structure, by value, that has a twin in C#
/// (<c>unmanaged</c>, sequential layout, the same fields in the same order: pointers as <c>nint</c>, <c>i64</c> as <c>long</c>).
/// A launcher fills the structure and calls <see cref="Launch{TArgs}"/>, which allocates nothing, so that the launches of a step can be
/// captured into a CUDA graph. What differs from step to step therefore lies in device memory, not in the structure.
/// </summary>
/// <remarks>
/// <code>
/// extern "C" __global__ void rms_norm(const RmsNormArgs args)          // Kernels/norm.cu, which build.sh turns into PTX
///
/// internal struct RmsNormArgs { public nint X, Gain, Y; public int Stride, Width; public float Epsilon; }
///
/// CudaFunction rmsNorm = kernels.Get("rms_norm");                       // once, at load: kernels is the KernelLibrary
/// rmsNorm.Launch(stream, new Grid(rows), 256, 0, args);                 // in each step
/// </code>
/// </remarks>
internal sealed unsafe class CudaFunction
{
    /// <summary>Above this a block's dynamic shared memory must be asked for.</summary>
    private const int SharedBytesByDefault = 48 * 1024;

    private readonly nint _handle;
    private int _sharedAllowed = SharedBytesByDefault;
    private int _bestThreads, _maxThreads;

    public CudaFunction(string name, nint handle)
    {
        Name = name;
        _handle = handle;
    }

    public string Name { get; }

    /// <summary>Registers of a thread.</summary>
    public int Registers => Attribute(FunctionAttribute.Registers);

    /// <summary>Shared memory it declares itself.</summary>
    public int StaticSharedBytes => Attribute(FunctionAttribute.SharedBytes);

    /// <summary>Local memory of a thread: spilled registers, and arrays indexed at run time.</summary>
    public int LocalBytes => Attribute(FunctionAttribute.LocalBytes);

    /// <summary>The most threads of a block that its registers allow: a multiple of 32. The driver is asked once.</summary>
    public int MaxThreads => _maxThreads > 0 ? _maxThreads : _maxThreads = WholeWarps(Attribute(FunctionAttribute.MaxThreadsPerBlock));

    /// <summary>
    /// The threads of a block that fill a multiprocessor best, where it needs no dynamic shared memory: a multiple of 32, no more than the
    /// kernel allows. The driver is asked once.
    /// </summary>
    public int BestThreads
    {
        get
        {
            if (_bestThreads > 0) return _bestThreads;
            CudaException.Check(CudaDriver.cuOccupancyMaxPotentialBlockSize(out _, out int threads, _handle, 0, 0, MaxThreads));
            return _bestThreads = WholeWarps(threads);
        }
    }

    /// <summary>Queues the kernel.</summary>
    /// <param name="stream">Where.</param>
    /// <param name="grid">Blocks.</param>
    /// <param name="threads">Threads of a block, a multiple of 32.</param>
    /// <param name="sharedBytes">Dynamic shared memory of a block; more than 48 KB is asked for the first time.</param>
    /// <param name="args">Its parameter.</param>
    /// <param name="overlap">
    /// True to let it start while the kernel before it ends (programmatic dependent launch): it must then execute
    /// griddepcontrol.wait before it touches what that one reads or writes. Compute capability 9.0 and later.
    /// </param>
    /// <param name="cluster">Blocks of a cluster along x.</param>
    public void Launch<TArgs>(CudaStream stream, Grid grid, int threads, int sharedBytes, in TArgs args, bool overlap = false, int cluster = 1)
        where TArgs : unmanaged
    {
        if (grid.X == 0 || grid.Y == 0 || grid.Z == 0) return;
        if (sharedBytes > _sharedAllowed) AllowShared(sharedBytes);
        LaunchAttribute* attributes = stackalloc LaunchAttribute[2];
        uint count = 0;
        if (overlap) attributes[count++] = new LaunchAttribute { Id = LaunchAttribute.ProgrammaticStreamSerialization, Flag = 1 };
        if (cluster > 1) attributes[count++] = new LaunchAttribute { Id = LaunchAttribute.ClusterDimension, X = (uint)cluster, Y = 1, Z = 1 };
        LaunchConfig config = new()
        {
            GridX = (uint)grid.X,
            GridY = (uint)grid.Y,
            GridZ = (uint)grid.Z,
            BlockX = (uint)threads,
            BlockY = 1,
            BlockZ = 1,
            SharedBytes = (uint)sharedBytes,
            Stream = stream.Handle,
            Attributes = attributes,
            AttributeCount = count,
        };
        fixed (TArgs* parameter = &args)
        {
            void* pointer = parameter;
            CudaResult result = CudaDriver.cuLaunchKernelEx(&config, _handle, &pointer, null);
            if (result != CudaResult.Success) throw CudaException.Of(result, $"{nameof(CudaDriver.cuLaunchKernelEx)} of {Name} ({grid.X} x {grid.Y} x {grid.Z} blocks of {threads} threads, {sharedBytes} bytes shared)", "");
        }
    }

    /// <summary>Lets blocks have so much dynamic shared memory.</summary>
    public void AllowShared(int bytes)
    {
        CudaException.Check(CudaDriver.cuFuncSetAttribute(_handle, FunctionAttribute.MaxDynamicSharedBytes, bytes));
        _sharedAllowed = bytes;
    }

    /// <summary>Blocks of such a launch that one multiprocessor holds at a time.</summary>
    public int BlocksPerMultiprocessor(int threads, int sharedBytes)
    {
        if (sharedBytes > _sharedAllowed) AllowShared(sharedBytes);
        CudaException.Check(CudaDriver.cuOccupancyMaxActiveBlocksPerMultiprocessor(out int blocks, _handle, threads, (nuint)sharedBytes));
        return blocks;
    }

    private static int WholeWarps(int threads) => Math.Max(32, threads / 32 * 32);

    private int Attribute(FunctionAttribute attribute)
    {
        CudaException.Check(CudaDriver.cuFuncGetAttribute(out int value, attribute, _handle));
        return value;
    }
}
