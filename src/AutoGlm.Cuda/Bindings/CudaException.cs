using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AutoGlm.Cuda.Bindings;

/// <summary>A call of the CUDA driver or one of its libraries failed: which, how, what it means, and what to do about it.</summary>
public sealed class CudaException : Exception
{
    public CudaException(string call, int code, string name, string meaning, string? remedy = null)
        : base($"{call} failed: {name} ({code}), {meaning}.{(remedy is null ? "" : " " + remedy)}")
    {
        Call = call;
        Code = code;
        CodeName = name;
    }

    /// <summary>The function that failed.</summary>
    public string Call { get; }

    /// <summary>What it returned.</summary>
    public int Code { get; }

    /// <summary>The code's name in the library's header.</summary>
    public string CodeName { get; }

    /// <summary>Throws where a driver call did not succeed.</summary>
    internal static void Check(CudaResult result, [CallerArgumentExpression(nameof(result))] string call = "")
    {
        if (result != CudaResult.Success) Throw(result, call);
    }

    /// <summary>As <see cref="Check"/>, with what the driver wrote to a log.</summary>
    internal static CudaException Of(CudaResult result, string call, string log) => Create(result, call, log.Length == 0 ? null : "The driver says: " + log);

    private static void Throw(CudaResult result, string call) => throw Create(result, call, null);

    private static CudaException Create(CudaResult result, string call, string? log)
    {
        string function = call[..(call.IndexOf('(') is > 0 and var end ? end : call.Length)];
        function = function[(function.LastIndexOf('.') + 1)..];
        CudaDriver.cuGetErrorName(result, out nint name);
        CudaDriver.cuGetErrorString(result, out nint meaning);
        return new CudaException(
            function,
            (int)result,
            Marshal.PtrToStringUTF8(name) ?? "an unknown code",
            Marshal.PtrToStringUTF8(meaning) ?? "the driver has no text for it",
            log ?? Remedy(result));
    }

    private static string? Remedy(CudaResult result) => result switch
    {
        CudaResult.OutOfMemory => "Ask for a shorter context, less KV cache or fewer layers on the card, or end what else uses it (nvidia-smi shows that).",
        CudaResult.NoDevice => "No NVIDIA card is visible; check nvidia-smi and CUDA_VISIBLE_DEVICES.",
        CudaResult.InvalidDevice => "The card's number should be one that nvidia-smi lists.",
        CudaResult.SystemDriverMismatch or CudaResult.CompatNotSupported => "The driver's kernel module and library differ in version; reboot, or install one version of both.",
        CudaResult.NoBinaryForGpu or CudaResult.UnsupportedPtxVersion or CudaResult.InvalidPtx => "The card or its driver is too old for these kernels; they need compute capability 8.0 and a driver for CUDA 12.3 or later.",
        CudaResult.IllegalAddress or CudaResult.LaunchFailed or CudaResult.MisalignedAddress or CudaResult.IllegalInstruction =>
            "A kernel went wrong and the card's state is lost: restart the program. Please report it with the model and the command.",
        CudaResult.LaunchOutOfResources => "A kernel asks for more registers or shared memory than this card has.",
        CudaResult.EccUncorrectable or CudaResult.HardwareStackError => "The card reports a hardware fault; see nvidia-smi -q.",
        _ => null,
    };
}
