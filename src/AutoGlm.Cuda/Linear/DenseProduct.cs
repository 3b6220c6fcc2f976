using AutoGlm.Cuda.Bindings;
using AutoGlm.Cuda.Memory;

namespace AutoGlm.Cuda.Linear;

/// <summary>
/// Products of row-major 16-bit matrices by NVIDIA's cuBLASLt: what the card's tensor cores give at most, and what ours are measured
/// beside. Our layers multiply by weights in a layout of their own, which a library cannot read.
/// </summary>
internal sealed unsafe class DenseProduct : IDisposable
{
    private const long WorkspaceBytes = 64 << 20;

    private readonly DeviceBuffer _workspace;
    private readonly nint _handle, _description, _weights, _x, _y;
    private CublasHeuristic _choice;

    /// <param name="device">Where.</param>
    /// <param name="rows">Rows of x and y.</param>
    /// <param name="outputs">Rows of the weights.</param>
    /// <param name="inputs">Columns of the weights and of x.</param>
    /// <param name="bfloat16">True for bfloat16, else half precision; sums are in single precision, results of x's type.</param>
    /// <exception cref="NotSupportedException">cuBLASLt is not there, or cannot multiply such.</exception>
    public DenseProduct(CudaDevice device, int rows, int outputs, int inputs, bool bfloat16)
    {
        CublasLt.Require();
        device.MakeCurrent();
        _workspace = new DeviceBuffer(device, WorkspaceBytes, "cuBLASLt's workspace");
        try
        {
            int type = bfloat16 ? CublasLt.Real16BF : CublasLt.Real16F, transpose = CublasLt.Transpose;
            CublasLt.Check(CublasLt.cublasLtCreate(out _handle), nameof(CublasLt.cublasLtCreate));
            CublasLt.Check(CublasLt.cublasLtMatmulDescCreate(out _description, CublasLt.Compute32F, CublasLt.Real32F), nameof(CublasLt.cublasLtMatmulDescCreate));
            CublasLt.Check(CublasLt.cublasLtMatmulDescSetAttribute(_description, CublasLt.DescTransposeA, &transpose, sizeof(int)), nameof(CublasLt.cublasLtMatmulDescSetAttribute));
            // Its matrices are column-major: ours are their transposes, and y transposed is W times x transposed.
            _weights = Layout(type, inputs, outputs);
            _x = Layout(type, inputs, rows);
            _y = Layout(type, outputs, rows);
            _choice = Choose(device);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>True where the library is there.</summary>
    public static bool IsAvailable => NativeLibraries.TryLoad(NativeLibraries.CublasLt, out _);

    /// <summary>Queues y = x Wᵀ: x [rows, inputs], weights [outputs, inputs], y [rows, outputs].</summary>
    public void Multiply(CudaStream stream, nint x, nint weights, nint y)
    {
        float one = 1, zero = 0;
        CublasHeuristic choice = _choice;
        int status = CublasLt.cublasLtMatmul(
            _handle, _description, &one, weights, _weights, x, _x, &zero, y, _y, y, _y, choice.Algorithm, _workspace.Address, (nuint)WorkspaceBytes, stream.Handle);
        CublasLt.Check(status, nameof(CublasLt.cublasLtMatmul));
    }

    public void Dispose()
    {
        foreach (nint layout in new[] { _weights, _x, _y })
        {
            if (layout != 0) CublasLt.cublasLtMatrixLayoutDestroy(layout);
        }

        if (_description != 0) CublasLt.cublasLtMatmulDescDestroy(_description);
        if (_handle != 0) CublasLt.cublasLtDestroy(_handle);
        _workspace.Dispose();
    }

    private static nint Layout(int type, int rows, int columns)
    {
        CublasLt.Check(CublasLt.cublasLtMatrixLayoutCreate(out nint layout, type, (ulong)rows, (ulong)columns, rows), nameof(CublasLt.cublasLtMatrixLayoutCreate));
        return layout;
    }

    private CublasHeuristic Choose(CudaDevice device)
    {
        CublasLt.Check(CublasLt.cublasLtMatmulPreferenceCreate(out nint preference), nameof(CublasLt.cublasLtMatmulPreferenceCreate));
        try
        {
            ulong most = (ulong)WorkspaceBytes;
            CublasLt.Check(CublasLt.cublasLtMatmulPreferenceSetAttribute(preference, CublasLt.PreferenceMaxWorkspaceBytes, &most, sizeof(ulong)), nameof(CublasLt.cublasLtMatmulPreferenceSetAttribute));
            CublasHeuristic choice;
            int status = CublasLt.cublasLtMatmulAlgoGetHeuristic(_handle, _description, _weights, _x, _y, _y, preference, 1, &choice, out int found);
            CublasLt.Check(status, nameof(CublasLt.cublasLtMatmulAlgoGetHeuristic));
            return found > 0 ? choice : throw new NotSupportedException($"cuBLASLt has no such product for {device.Name}.");
        }
        finally
        {
            CublasLt.cublasLtMatmulPreferenceDestroy(preference);
        }
    }
}
