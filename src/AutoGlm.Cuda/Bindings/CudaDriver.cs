using System.Runtime.InteropServices;

namespace AutoGlm.Cuda.Bindings;

/// <summary>The driver's functions, by the names and versions of cuda.h. Every result goes through <see cref="CudaException.Check"/>.</summary>
internal static unsafe partial class CudaDriver
{
    private const string Library = NativeLibraries.Driver;

    /// <summary>True where the driver's library is there; its functions may be called only then.</summary>
    /// <param name="tried">Where it was looked for.</param>
    public static bool IsPresent(out IReadOnlyList<string> tried) => NativeLibraries.TryLoad(Library, out tried);

    // ---- devices and contexts

    [LibraryImport(Library)]
    public static partial CudaResult cuInit(uint flags);

    [LibraryImport(Library)]
    public static partial CudaResult cuDriverGetVersion(out int version);

    [LibraryImport(Library)]
    public static partial CudaResult cuGetErrorName(CudaResult error, out nint text);

    [LibraryImport(Library)]
    public static partial CudaResult cuGetErrorString(CudaResult error, out nint text);

    [LibraryImport(Library)]
    public static partial CudaResult cuDeviceGetCount(out int count);

    [LibraryImport(Library)]
    public static partial CudaResult cuDeviceGet(out int device, int ordinal);

    [LibraryImport(Library)]
    public static partial CudaResult cuDeviceGetName(byte* name, int length, int device);

    [LibraryImport(Library)]
    public static partial CudaResult cuDeviceGetAttribute(out int value, DeviceAttribute attribute, int device);

    [LibraryImport(Library)]
    public static partial CudaResult cuDeviceTotalMem_v2(out nuint bytes, int device);

    [LibraryImport(Library)]
    public static partial CudaResult cuDevicePrimaryCtxRetain(out nint context, int device);

    [LibraryImport(Library)]
    public static partial CudaResult cuDevicePrimaryCtxRelease_v2(int device);

    [LibraryImport(Library)]
    public static partial CudaResult cuCtxSetCurrent(nint context);

    [LibraryImport(Library)]
    public static partial CudaResult cuCtxSynchronize();

    // ---- memory

    [LibraryImport(Library)]
    public static partial CudaResult cuMemGetInfo_v2(out nuint free, out nuint total);

    [LibraryImport(Library)]
    public static partial CudaResult cuMemAlloc_v2(out nint address, nuint bytes);

    [LibraryImport(Library)]
    public static partial CudaResult cuMemFree_v2(nint address);

    [LibraryImport(Library)]
    public static partial CudaResult cuMemHostAlloc(out nint address, nuint bytes, uint flags);

    [LibraryImport(Library)]
    public static partial CudaResult cuMemFreeHost(nint address);

    [LibraryImport(Library)]
    public static partial CudaResult cuMemcpyHtoDAsync_v2(nint to, nint from, nuint bytes, nint stream);

    [LibraryImport(Library)]
    public static partial CudaResult cuMemcpyDtoHAsync_v2(nint to, nint from, nuint bytes, nint stream);

    [LibraryImport(Library)]
    public static partial CudaResult cuMemcpyDtoDAsync_v2(nint to, nint from, nuint bytes, nint stream);

    [LibraryImport(Library)]
    public static partial CudaResult cuMemsetD8Async(nint address, byte value, nuint bytes, nint stream);

    // ---- streams and events

    [LibraryImport(Library)]
    public static partial CudaResult cuStreamCreateWithPriority(out nint stream, uint flags, int priority);

    [LibraryImport(Library)]
    public static partial CudaResult cuStreamDestroy_v2(nint stream);

    [LibraryImport(Library)]
    public static partial CudaResult cuStreamSynchronize(nint stream);

    [LibraryImport(Library)]
    public static partial CudaResult cuStreamWaitEvent(nint stream, nint evt, uint flags);

    [LibraryImport(Library)]
    public static partial CudaResult cuEventCreate(out nint evt, uint flags);

    [LibraryImport(Library)]
    public static partial CudaResult cuEventDestroy_v2(nint evt);

    [LibraryImport(Library)]
    public static partial CudaResult cuEventRecord(nint evt, nint stream);

    [LibraryImport(Library)]
    public static partial CudaResult cuEventQuery(nint evt);

    [LibraryImport(Library)]
    public static partial CudaResult cuEventSynchronize(nint evt);

    [LibraryImport(Library)]
    public static partial CudaResult cuEventElapsedTime(out float milliseconds, nint start, nint end);

    // ---- modules and functions

    [LibraryImport(Library)]
    public static partial CudaResult cuModuleLoadDataEx(out nint module, void* image, uint optionCount, int* options, nint* values);

    [LibraryImport(Library)]
    public static partial CudaResult cuModuleUnload(nint module);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial CudaResult cuModuleGetFunction(out nint function, nint module, string name);

    [LibraryImport(Library)]
    public static partial CudaResult cuLinkCreate_v2(uint optionCount, int* options, nint* values, out nint state);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial CudaResult cuLinkAddData_v2(nint state, int type, void* data, nuint bytes, string name, uint optionCount, int* options, nint* values);

    [LibraryImport(Library)]
    public static partial CudaResult cuLinkComplete(nint state, out nint cubin, out nuint bytes);

    [LibraryImport(Library)]
    public static partial CudaResult cuLinkDestroy(nint state);

    [LibraryImport(Library)]
    public static partial CudaResult cuFuncGetAttribute(out int value, FunctionAttribute attribute, nint function);

    [LibraryImport(Library)]
    public static partial CudaResult cuFuncSetAttribute(nint function, FunctionAttribute attribute, int value);

    [LibraryImport(Library)]
    public static partial CudaResult cuOccupancyMaxActiveBlocksPerMultiprocessor(out int blocks, nint function, int threads, nuint sharedBytes);

    [LibraryImport(Library)]
    public static partial CudaResult cuLaunchKernelEx(LaunchConfig* config, nint function, void** parameters, void** extra);

    // ---- graphs

    [LibraryImport(Library)]
    public static partial CudaResult cuStreamBeginCapture_v2(nint stream, int mode);

    [LibraryImport(Library)]
    public static partial CudaResult cuStreamEndCapture(nint stream, out nint graph);

    [LibraryImport(Library)]
    public static partial CudaResult cuGraphInstantiateWithFlags(out nint executable, nint graph, ulong flags);

    [LibraryImport(Library)]
    public static partial CudaResult cuGraphLaunch(nint executable, nint stream);

    [LibraryImport(Library)]
    public static partial CudaResult cuGraphExecDestroy(nint executable);

    [LibraryImport(Library)]
    public static partial CudaResult cuGraphDestroy(nint graph);

    // ---- tensor maps (bulk copies of tiles)

    [LibraryImport(Library)]
    public static partial CudaResult cuTensorMapEncodeTiled(
        void* map, int type, uint rank, nint address, ulong* dimensions, ulong* strides, uint* box, uint* elementStrides, int interleave, int swizzle, int promotion, int outOfBounds);
}
