using System.Runtime.InteropServices;

namespace AutoGlm.Cuda.Bindings;

/// <summary>NVRTC's functions, by the names of nvrtc.h. Every result goes through <see cref="Check"/>.</summary>
internal static unsafe partial class Nvrtc
{
    /// <summary>NVRTC_ERROR_COMPILATION: the log says why.</summary>
    public const int CompilationFailed = 6;

    private const string Library = NativeLibraries.Nvrtc;

    /// <exception cref="NotSupportedException">The library is not there; says where it was looked for.</exception>
    public static void Require() => NativeLibraries.Require(Library, "NVRTC", "it comes with the CUDA toolkit and with pip's nvidia-cuda-nvrtc");

    /// <exception cref="CudaException">The call failed.</exception>
    public static void Check(int result, string call)
    {
        if (result != 0) throw new CudaException(call, result, Marshal.PtrToStringUTF8(nvrtcGetErrorString(result)) ?? "an unknown code", "NVRTC could not do it");
    }

    [LibraryImport(Library)]
    public static partial nint nvrtcGetErrorString(int result);

    [LibraryImport(Library)]
    public static partial int nvrtcVersion(out int major, out int minor);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int nvrtcCreateProgram(out nint program, string source, string name, int headers, nint* texts, nint* names);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int nvrtcCompileProgram(nint program, int count, string[] options);

    [LibraryImport(Library)]
    public static partial int nvrtcGetPTXSize(nint program, out nuint bytes);

    [LibraryImport(Library)]
    public static partial int nvrtcGetPTX(nint program, byte* text);

    [LibraryImport(Library)]
    public static partial int nvrtcGetProgramLogSize(nint program, out nuint bytes);

    [LibraryImport(Library)]
    public static partial int nvrtcGetProgramLog(nint program, byte* text);

    [LibraryImport(Library)]
    public static partial int nvrtcDestroyProgram(ref nint program);
}
