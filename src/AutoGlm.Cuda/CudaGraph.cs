using AutoGlm.Cuda.Bindings;

namespace AutoGlm.Cuda;

/// <summary>Work of a stream, recorded once and replayed with one call.</summary>
internal sealed class CudaGraph : IDisposable
{
    private const int ThreadLocal = 1;

    private nint _executable;

    private CudaGraph(nint executable) => _executable = executable;

    /// <summary>Records what an action queues, without running it. The action allocates no memory and loads no kernels.</summary>
    /// <exception cref="CudaException">Something of it cannot be recorded.</exception>
    public static CudaGraph Capture(CudaStream stream, Action queue)
    {
        CudaException.Check(CudaDriver.cuStreamBeginCapture_v2(stream.Handle, ThreadLocal));
        try
        {
            queue();
        }
        catch
        {
            CudaDriver.cuStreamEndCapture(stream.Handle, out nint broken);
            if (broken != 0) CudaDriver.cuGraphDestroy(broken);
            throw;
        }

        CudaException.Check(CudaDriver.cuStreamEndCapture(stream.Handle, out nint graph));
        CudaResult result = CudaDriver.cuGraphInstantiateWithFlags(out nint executable, graph, 0);
        CudaDriver.cuGraphDestroy(graph);
        CudaException.Check(result, nameof(CudaDriver.cuGraphInstantiateWithFlags));
        return new CudaGraph(executable);
    }

    /// <summary>Queues it.</summary>
    public void Launch(CudaStream stream)
    {
        ObjectDisposedException.ThrowIf(_executable == 0, this);
        CudaException.Check(CudaDriver.cuGraphLaunch(_executable, stream.Handle));
    }

    public void Dispose()
    {
        if (_executable != 0) CudaDriver.cuGraphExecDestroy(_executable);
        _executable = 0;
    }
}
