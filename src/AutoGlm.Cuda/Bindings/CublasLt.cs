using System.Runtime.InteropServices;

namespace AutoGlm.Cuda.Bindings;

/// <summary>cuBLASLt's functions, by the names of cublasLt.h. Every result goes through <see cref="Check"/>.</summary>
internal static unsafe partial class CublasLt
{
    /// <summary>cublasComputeType_t: sums in single precision.</summary>
    public const int Compute32F = 68;

    /// <summary>cudaDataType_t.</summary>
    public const int Real32F = 0, Real16F = 2, Real16BF = 14;

    /// <summary>cublasLtMatmulDescAttributes_t and cublasLtMatmulPreferenceAttributes_t.</summary>
    public const int DescTransposeA = 3, PreferenceMaxWorkspaceBytes = 1;

    /// <summary>cublasOperation_t: the transpose.</summary>
    public const int Transpose = 1;

    private const string Library = NativeLibraries.CublasLt;

    /// <exception cref="NotSupportedException">The library is not there; says where it was looked for.</exception>
    public static void Require() => NativeLibraries.Require(Library, "cuBLASLt", "it comes with the CUDA toolkit and with pip's nvidia-cublas");

    /// <exception cref="CudaException">The call failed.</exception>
    public static void Check(int status, string call)
    {
        if (status == 0) return;
        throw new CudaException(call, status, Text(cublasLtGetStatusName(status)), Text(cublasLtGetStatusString(status)));
    }

    [LibraryImport(Library)]
    public static partial nint cublasLtGetStatusName(int status);

    [LibraryImport(Library)]
    public static partial nint cublasLtGetStatusString(int status);

    [LibraryImport(Library)]
    public static partial nuint cublasLtGetVersion();

    [LibraryImport(Library)]
    public static partial int cublasLtCreate(out nint handle);

    [LibraryImport(Library)]
    public static partial int cublasLtDestroy(nint handle);

    [LibraryImport(Library)]
    public static partial int cublasLtMatmulDescCreate(out nint description, int compute, int scale);

    [LibraryImport(Library)]
    public static partial int cublasLtMatmulDescSetAttribute(nint description, int attribute, void* value, nuint bytes);

    [LibraryImport(Library)]
    public static partial int cublasLtMatmulDescDestroy(nint description);

    [LibraryImport(Library)]
    public static partial int cublasLtMatrixLayoutCreate(out nint layout, int type, ulong rows, ulong columns, long stride);

    [LibraryImport(Library)]
    public static partial int cublasLtMatrixLayoutDestroy(nint layout);

    [LibraryImport(Library)]
    public static partial int cublasLtMatmulPreferenceCreate(out nint preference);

    [LibraryImport(Library)]
    public static partial int cublasLtMatmulPreferenceSetAttribute(nint preference, int attribute, void* value, nuint bytes);

    [LibraryImport(Library)]
    public static partial int cublasLtMatmulPreferenceDestroy(nint preference);

    [LibraryImport(Library)]
    public static partial int cublasLtMatmulAlgoGetHeuristic(
        nint handle, nint description, nint a, nint b, nint c, nint d, nint preference, int asked, CublasHeuristic* results, out int found);

    [LibraryImport(Library)]
    public static partial int cublasLtMatmul(
        nint handle, nint description, void* alpha, nint a, nint aLayout, nint b, nint bLayout, void* beta, nint c, nint cLayout, nint d, nint dLayout, void* algorithm, nint workspace, nuint workspaceBytes, nint stream);

    private static string Text(nint text) => Marshal.PtrToStringUTF8(text) ?? "unknown";
}

/// <summary>cublasLtMatmulHeuristicResult_t: the algorithm's 64 bytes come first.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CublasHeuristic
{
    public fixed ulong Algorithm[8];
    public nuint WorkspaceBytes;
    public int State;
    public float Waves;
    public fixed int Reserved[4];
}
