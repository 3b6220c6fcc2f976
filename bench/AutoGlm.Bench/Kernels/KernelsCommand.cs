using System.CommandLine;
using System.Globalization;
using AutoGlm.Cpu.Kernels;
using AutoGlm.Cpu.Threading;
using AutoGlm.Formats.Tensors;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;

namespace AutoGlm.Bench.Kernels;

/// <summary>
/// Matmul kernels against the machine: for each format bytes of weights a second with one row, and operations a second with
/// more, beside a plain memory read and the peak rate of byte products, both measured just before.
/// </summary>
internal static class KernelsCommand
{
    private const double LimitSeconds = 1;

    public static Command Create()
    {
        Option<string> types = new("--types") { Description = "Weight types, with commas between.", DefaultValueFactory = _ => string.Join(',', PackedFormat.Types) };
        Option<string> rows = new("--rows") { Description = "Activation rows, with commas between.", DefaultValueFactory = _ => "1,8,512" };
        Option<string> shape = new("--shape") { Description = "Outputs x inputs of the layer.", DefaultValueFactory = _ => "8192x2048" };
        Option<int> threads = new("--threads") { Description = "Threads that compute.", DefaultValueFactory = _ => ThreadTeam.DefaultThreads };
        Option<string> isa = new("--isa") { Description = "Instruction set.", DefaultValueFactory = _ => "auto" };
        Option<int> iterations = new("--iterations") { Description = "Timed iterations of each.", DefaultValueFactory = _ => 7 };
        Command command = new("kernels", "Measures the CPU's matmul kernels against the machine's limits.") { types, rows, shape, threads, isa, iterations };
        command.SetAction(arguments => Run(
            new KernelOptions(
                [.. Split(arguments.GetRequiredValue(types), ',').Select(Enum.Parse<TensorType>)],
                [.. Split(arguments.GetRequiredValue(rows), ',').Select(Number)],
                Number(Split(arguments.GetRequiredValue(shape), 'x')[0]),
                Number(Split(arguments.GetRequiredValue(shape), 'x')[1]),
                arguments.GetRequiredValue(threads),
                arguments.GetRequiredValue(isa)),
            arguments.GetRequiredValue(iterations)));
        return command;
    }

    private static int Run(KernelOptions options, int iterations)
    {
        KernelOptions.Current = options;
        (double read, double integer, double single) = Limits(options.Threads);
        ManualConfig config = ManualConfig.CreateEmpty()
            .AddJob(Job.Default.WithToolchain(InProcessNoEmitToolchain.Instance).WithWarmupCount(1).WithIterationCount(iterations).WithIterationTime(Perfolizer.Horology.TimeInterval.FromMilliseconds(100)))
            .AddColumnProvider(DefaultColumnProviders.Params)
            .AddColumn(StatisticColumn.Median, StatisticColumn.Min, StatisticColumn.Max)
            .AddColumn([.. LimitColumn.Bandwidth(options, read), .. LimitColumn.Arithmetic(options, integer, single)])
            .AddExporter(MarkdownExporter.GitHub)
            .AddLogger(ConsoleLogger.Default);
        bool failed = BenchmarkRunner.Run<MatMulBenchmarks>(config).HasCriticalValidationErrors;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{KernelIsas.Parse(options.Isa)}, {options.Threads} threads, {options.Outputs}x{options.Columns}: "
            + $"plain read {read / 1e9:F1} GB/s, byte products {integer / 1e9:F0} GOPS, float multiply-adds {single / 1e9:F0} GOPS"));
        return failed ? 1 : 0;
    }

    private static (double Read, double Integer, double Float) Limits(int threads)
    {
        using ThreadTeam team = new(threads);
        return (Machine.ReadBandwidth(team, LimitSeconds), Machine.IntegerRate(team, LimitSeconds), Machine.FloatRate(team, LimitSeconds));
    }

    private static string[] Split(string list, char separator) => list.Split(separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
