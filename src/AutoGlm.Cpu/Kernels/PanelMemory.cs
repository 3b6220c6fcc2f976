using System.Runtime.InteropServices;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cpu.Kernels;

/// <summary>Native memory for weights, in huge pages where the system gives them on request.</summary>
internal sealed unsafe class PanelMemory : IDisposable
{
    public PanelMemory(long bytes) => Address = HugePages.Allocate(checked((nuint)bytes));

    ~PanelMemory() => Free();

    public byte* Address { get; private set; }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(Address);
        Address = null;
    }
}
