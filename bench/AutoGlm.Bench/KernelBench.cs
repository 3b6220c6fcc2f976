using System.Globalization;
using AutoGlm.Cpu.Kernels;
using AutoGlm.Cpu.Threading;
using AutoGlm.Formats.Quantization;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Bench;

/// <summary>
/// Matmul kernels against the machine: bytes of weights per second for one row, operations per second for more. Copies of
/// the weights take turns, so that they never come from a cache.
/// </summary>
internal static unsafe class KernelBench
{
    private const long WorkingSet = 200L << 20;

    public static int Run(string[] args)
    {
        int threads = int.Parse(Option(args, "--threads", ThreadTeam.DefaultThreads.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture);
        KernelSet set = KernelSet.Create(KernelIsas.Parse(Option(args, "--isa", "auto")));
        double seconds = double.Parse(Option(args, "--seconds", "0.5"), CultureInfo.InvariantCulture);
        TensorType[] types = Option(args, "--types", string.Join(',', PackedFormat.Types)).Split(',').Select(Enum.Parse<TensorType>).ToArray();
        int[] shape = Option(args, "--shape", "8192x2048").Split('x').Select(int.Parse).ToArray();
        int[] rows = Option(args, "--rows", "1,8,512").Split(',').Select(int.Parse).ToArray();
        using ThreadTeam team = new(threads);
        double read = Machine.ReadBandwidth(team, seconds);
        Console.WriteLine($"{set.Isa}, {threads} threads, {shape[0]}x{shape[1]}: plain read {read / 1e9:f1} GB/s, "
            + $"byte products {Machine.IntegerRate(team, seconds) / 1e9:f0} GOPS, float {Machine.FloatRate(team, seconds) / 1e9:f0} GOPS");
        Console.WriteLine("| type | " + string.Join(" | ", rows.Select(n => n == 1 ? "1 row: GB/s | of read" : $"{n} rows: GOPS")) + " |");
        Console.WriteLine("|---|" + string.Concat(rows.Select(n => n == 1 ? "---|---|" : "---|")));
        foreach (TensorType type in types)
        {
            using MatMulBench bench = new(set, team, type, shape[0], shape[1], rows.Max(), WorkingSet);
            Console.Write($"| {type} |");
            foreach (int n in rows)
            {
                double time = bench.Time(n, seconds);
                if (n == 1) Console.Write($" {bench.Bytes / time / 1e9:f1} | {bench.Bytes / time / read:p0} |");
                else Console.Write($" {2.0 * n * shape[0] * shape[1] / time / 1e9:f0} |");
            }

            Console.WriteLine();
        }

        return 0;
    }

    private static string Option(string[] args, string name, string otherwise)
    {
        int at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length ? args[at + 1] : otherwise;
    }
}
