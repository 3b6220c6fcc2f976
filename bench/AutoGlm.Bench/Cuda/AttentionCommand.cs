using System.CommandLine;
using System.Globalization;
using AutoGlm.Cuda;
using AutoGlm.Cuda.Modules;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Bench.Cuda;

/// <summary>The command that times paged attention on a card, against the rate of a copy within it.</summary>
internal static class AttentionCommand
{
    private static readonly (int Sequences, int Rows, int Context)[] Cases =
        [(1, 1, 128), (1, 1, 512), (1, 1, 4096), (1, 1, 131071), (16, 1, 2000), (128, 1, 640), (1, 2048, 0), (1, 8192, 0), (8, 512, 0), (1, 512, 8192)];

    public static Command Create()
    {
        Command command = new("cuda-attention", "Times paged attention on an NVIDIA card.");
        command.SetAction(_ => Run());
        return command;
    }

    private static int Run()
    {
        using CudaDevice device = CudaDevice.Open();
        using KernelLibrary kernels = new(device, CubinCache.DefaultFolder);
        using CudaStream stream = new();
        using AttentionBench bench = new(device, kernels, stream);
        double copy = bench.CopyRate();
        Write($"{device}; a copy within it moves {copy / 1e9:F0} GB/s");
        Write($"{"keys",-6}{"size",5}{"sequences",11}{"rows",6}{"context",9}{"us",10}{"GB/s",8}{"of copy",9}{"TFLOP/s",9}");
        foreach (KvType type in new[] { KvType.F16, KvType.Q8_0 })
        {
            foreach (int size in new[] { 64, 128, 256 })
            {
                AttentionShape shape = new() { Layer = 0, Heads = 32, KvHeads = 8, KeySize = size, ValueSize = size, Scale = 1 / MathF.Sqrt(size) };
                foreach ((int sequences, int rows, int context) in Cases)
                {
                    (double seconds, double bytes, double operations) = bench.Run(shape, type, sequences, rows, context);
                    Write($"{type,-6}{size,5}{sequences,11}{rows,6}{context,9}{seconds * 1e6,10:F1}{bytes / seconds / 1e9,8:F0}{bytes / seconds / copy,9:P0}{operations / seconds / 1e12,9:F1}");
                }
            }
        }

        return 0;
    }

    private static void Write(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
