using System.Text;
using AutoGlm.Cuda.Bindings;

namespace AutoGlm.Cuda.Modules;

/// <summary>Machine code loaded on a card.</summary>
internal sealed unsafe class CudaModule : IDisposable
{
    private const int InfoLogBuffer = 3, InfoLogBytes = 4, ErrorLogBuffer = 5, ErrorLogBytes = 6, PtxInput = 1, LogBytes = 16384;

    private nint _handle;

    /// <summary>Loads a cubin.</summary>
    /// <exception cref="CudaException">The driver does not take it.</exception>
    public CudaModule(ReadOnlySpan<byte> cubin, string name)
    {
        byte* log = stackalloc byte[LogBytes];
        int* options = stackalloc int[] { ErrorLogBuffer, ErrorLogBytes };
        nint* values = stackalloc nint[] { (nint)log, LogBytes };
        fixed (byte* image = cubin)
        {
            CudaResult result = CudaDriver.cuModuleLoadDataEx(out _handle, image, 2, options, values);
            if (result != CudaResult.Success) throw CudaException.Of(result, $"{nameof(CudaDriver.cuModuleLoadDataEx)} of {name}", Text(log, (long)values[1]));
        }
    }

    /// <summary>Compiles PTX for the current card.</summary>
    /// <param name="ptx">The text, in UTF-8, without a zero at its end.</param>
    /// <param name="name">What it is called in errors.</param>
    /// <exception cref="CudaException">It does not compile; the driver's log is in the message.</exception>
    public static byte[] Compile(ReadOnlySpan<byte> ptx, string name)
    {
        byte* log = stackalloc byte[LogBytes];
        int* options = stackalloc int[] { ErrorLogBuffer, ErrorLogBytes };
        nint* values = stackalloc nint[] { (nint)log, LogBytes };
        CudaException.Check(CudaDriver.cuLinkCreate_v2(2, options, values, out nint state));
        try
        {
            byte[] terminated = [.. ptx, 0];
            fixed (byte* text = terminated)
            {
                CudaResult result = CudaDriver.cuLinkAddData_v2(state, PtxInput, text, (nuint)terminated.Length, name, 0, null, null);
                if (result != CudaResult.Success) throw CudaException.Of(result, $"{nameof(CudaDriver.cuLinkAddData_v2)} of {name}", Text(log, LogBytes));
            }

            CudaResult linked = CudaDriver.cuLinkComplete(state, out nint cubin, out nuint bytes);
            if (linked != CudaResult.Success) throw CudaException.Of(linked, $"{nameof(CudaDriver.cuLinkComplete)} of {name}", Text(log, LogBytes));
            return new ReadOnlySpan<byte>((void*)cubin, checked((int)bytes)).ToArray();
        }
        finally
        {
            CudaDriver.cuLinkDestroy(state);
        }
    }

    /// <exception cref="CudaException">There is no kernel of that name.</exception>
    public nint GetFunction(string name)
    {
        CudaResult result = CudaDriver.cuModuleGetFunction(out nint function, _handle, name);
        return result == CudaResult.Success ? function : throw CudaException.Of(result, $"{nameof(CudaDriver.cuModuleGetFunction)} of {name}", "");
    }

    public void Dispose()
    {
        if (_handle != 0) CudaDriver.cuModuleUnload(_handle);
        _handle = 0;
    }

    private static string Text(byte* log, long most)
    {
        ReadOnlySpan<byte> bytes = new(log, (int)Math.Clamp(most, 0, LogBytes));
        int end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]).Trim();
    }
}
