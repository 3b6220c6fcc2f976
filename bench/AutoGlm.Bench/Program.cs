using System.CommandLine;
using AutoGlm.Bench.Constraints;
using AutoGlm.Bench.Cuda;
using AutoGlm.Bench.Kernels;
using AutoGlm.Bench.Loading;
using AutoGlm.Bench.Peers;
using AutoGlm.Bench.Serving;

RootCommand root = new("Measures AutoGLM against the machine's limits, and against other engines.")
{
    AttentionCommand.Create(),
    KernelsCommand.Create(),
    LoadCommand.Create(),
    CudaLinearCommand.Create(),
    GpuCommand.Create(),
    MasksCommand.Create(),
    PeersCommand.Create(),
    SchedulerCommand.Create(),
};
try
{
    return root.Parse(args).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception error) when (error is ArgumentException or InvalidOperationException or IOException or NotSupportedException)
{
    Console.Error.WriteLine($"error: {error.Message}");
    return 1;
}
