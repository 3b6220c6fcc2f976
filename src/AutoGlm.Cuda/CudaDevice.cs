using System.Runtime.InteropServices;
using AutoGlm.Cuda.Bindings;
using AutoGlm.Cuda.Tuning;

namespace AutoGlm.Cuda;

/// <summary>A card, with its primary context. Threads that use it call <see cref="MakeCurrent"/> first.</summary>
public sealed unsafe class CudaDevice : IDisposable
{
    private static readonly Version LeastCapability = new(8, 0);

    /// <summary>The CUDA version whose drivers know PTX 8.3, which <c>Kernels/build.sh</c> writes.</summary>
    private static readonly Version LeastDriver = new(12, 3);

    private readonly int _handle;
    private nint _context;

    private CudaDevice(int ordinal)
    {
        Ordinal = ordinal;
        CudaException.Check(CudaDriver.cuDeviceGet(out _handle, ordinal));
        byte* name = stackalloc byte[256];
        CudaException.Check(CudaDriver.cuDeviceGetName(name, 256, _handle));
        Name = Marshal.PtrToStringUTF8((nint)name) ?? "";
        ComputeCapability = new Version(Attribute(DeviceAttribute.ComputeCapabilityMajor), Attribute(DeviceAttribute.ComputeCapabilityMinor));
        Multiprocessors = Attribute(DeviceAttribute.MultiprocessorCount);
        ThreadsPerMultiprocessor = Attribute(DeviceAttribute.MaxThreadsPerMultiprocessor);
        SharedBytesPerBlock = Attribute(DeviceAttribute.MaxSharedMemoryPerBlockOptin);
        SharedBytesPerMultiprocessor = Attribute(DeviceAttribute.MaxSharedMemoryPerMultiprocessor);
        L2Bytes = Attribute(DeviceAttribute.L2CacheSize);
        CudaException.Check(CudaDriver.cuDeviceTotalMem_v2(out nuint bytes, _handle));
        TotalBytes = (long)bytes;
        CudaException.Check(CudaDriver.cuDriverGetVersion(out int version));
        DriverVersion = new Version(version / 1000, version % 1000 / 10);
        CudaException.Check(CudaDriver.cuDevicePrimaryCtxRetain(out _context, _handle));
        MakeCurrent();
    }

    /// <summary>Its number, counted over those that are visible from 0.</summary>
    public int Ordinal { get; }

    public string Name { get; }

    public Version ComputeCapability { get; }

    /// <summary>The newest CUDA version the driver knows.</summary>
    public Version DriverVersion { get; }

    public int Multiprocessors { get; }

    public int ThreadsPerMultiprocessor { get; }

    /// <summary>The most shared memory a block may have.</summary>
    public int SharedBytesPerBlock { get; }

    /// <summary>Shared memory of a multiprocessor, for all its blocks.</summary>
    public int SharedBytesPerMultiprocessor { get; }

    public int L2Bytes { get; }

    public long TotalBytes { get; }

    /// <summary>What is its own in the shapes of launches.</summary>
    internal CardTuning Tuning { get; set; } = CardTunings.Hopper;

    /// <summary>Bytes of memory that are free now.</summary>
    public long FreeBytes
    {
        get
        {
            MakeCurrent();
            CudaException.Check(CudaDriver.cuMemGetInfo_v2(out nuint free, out _));
            return (long)free;
        }
    }

    /// <summary>How many cards there are; none where there is no driver.</summary>
    /// <param name="reason">Why there is none; empty where there are.</param>
    public static int Count(out string reason)
    {
        if (!CudaDriver.IsPresent(out IReadOnlyList<string> tried))
        {
            reason = $"no NVIDIA driver was found ({NativeLibraries.Places(tried)}); install the driver, no toolkit is needed";
            return 0;
        }

        CudaResult result = CudaDriver.cuInit(0);
        int count = 0;
        if (result == CudaResult.Success) result = CudaDriver.cuDeviceGetCount(out count);
        reason = result != CudaResult.Success ? CudaException.Of(result, nameof(CudaDriver.cuInit), "").Message.TrimEnd('.')
            : count == 0 ? "the NVIDIA driver sees no card; check nvidia-smi and CUDA_VISIBLE_DEVICES" : "";
        return count;
    }

    /// <summary>Opens a card.</summary>
    /// <exception cref="NotSupportedException">There is no driver, no such card, or one of them is too old.</exception>
    /// <exception cref="ArgumentException">The file that AUTOGLM_CUDA_TUNING names is no tuning.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static CudaDevice Open(int ordinal = 0)
    {
        int count = Count(out string reason);
        if (count == 0) throw new NotSupportedException("CUDA cannot be used: " + reason + ".");
        if ((uint)ordinal >= (uint)count) throw new NotSupportedException($"There is no card {ordinal}: the driver sees {count}, counted from 0.");
        CudaDevice device = new(ordinal);
        try
        {
            if (Refusal(device.Name, device.ComputeCapability, device.DriverVersion) is { } refusal) throw new NotSupportedException(refusal);
            device.Tuning = CardTuningFile.Apply(CardTunings.For(device.Attributes));
            return device;
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>Why a card cannot be used; null where it can.</summary>
    internal static string? Refusal(string name, Version capability, Version driver)
    {
        if (capability < LeastCapability) return $"{name} has compute capability {capability}; the kernels need {LeastCapability} (Ampere) or later.";
        return driver < LeastDriver ? $"NVIDIA's driver for {name} is one for CUDA {driver}; the kernels need one for CUDA {LeastDriver} or later. Install a newer driver; no toolkit is needed." : null;
    }

    /// <summary>Binds the card to the calling thread.</summary>
    public void MakeCurrent()
    {
        ObjectDisposedException.ThrowIf(_context == 0, this);
        CudaException.Check(CudaDriver.cuCtxSetCurrent(_context));
    }

    /// <summary>Waits for all work of all streams.</summary>
    public void Synchronize()
    {
        MakeCurrent();
        CudaException.Check(CudaDriver.cuCtxSynchronize());
    }

    public void Dispose()
    {
        if (_context == 0) return;
        _context = 0;
        CudaDriver.cuDevicePrimaryCtxRelease_v2(_handle);
    }

    public override string ToString() => $"{Name}, {TotalBytes / 1e9:F0} GB, compute capability {ComputeCapability}, CUDA {DriverVersion}";

    private CardAttributes Attributes => new(Name, ComputeCapability, ThreadsPerMultiprocessor, SharedBytesPerBlock, SharedBytesPerMultiprocessor);

    private int Attribute(DeviceAttribute attribute)
    {
        CudaException.Check(CudaDriver.cuDeviceGetAttribute(out int value, attribute, _handle));
        return value;
    }
}
