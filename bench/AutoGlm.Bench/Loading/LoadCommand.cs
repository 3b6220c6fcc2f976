using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Runtime;
using AutoGlm.Cpu;
using AutoGlm.Graph;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Passes;
using AutoGlm.Models;

namespace AutoGlm.Bench.Loading;

/// <summary>Where the time of loading a model onto the CPU goes, beside a plain read of its file from the page cache.</summary>
internal static class LoadCommand
{
    private const int Rows = 512;

    public static Command Create()
    {
        Option<string[]> files = new("--model", "-m") { Description = "GGUF files.", Required = true, AllowMultipleArgumentsPerToken = true };
        Option<int> threads = new("--threads") { Description = "Threads that read and that load.", DefaultValueFactory = _ => Environment.ProcessorCount };
        Option<int> repeat = new("--repeat") { Description = "Loads in this process; the first also compiles.", DefaultValueFactory = _ => 3 };
        Option<string?> cache = new("--cache") { Description = "A folder for packed weights: the first load of a model fills it, later ones map what is there. Without it, every load packs." };
        Command command = new("load", "Measures loading onto the CPU: milliseconds of each stage.") { files, threads, repeat, cache };
        command.SetAction(arguments =>
        {
            Console.WriteLine("| model | load | read ms | open ms | weights ms | methods compiled | in ms | its user ms | its system ms | to the read | tokenizer ms | fingerprint ms | weights MiB | mapped MiB | peak MiB |");
            Console.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
            foreach (string file in arguments.GetRequiredValue(files))
            {
                for (int i = 1; i <= arguments.GetRequiredValue(repeat); i++) Measure(file, i, arguments.GetRequiredValue(threads), arguments.GetValue(cache));
            }
        });
        return command;
    }

    private static void Measure(string path, int load, int threads, string? cache)
    {
        double read = Timed(() => Read(path, threads), out _);
        double open = Timed(() => ModelPackage.Open(path, Rows), out ModelPackage package);
        using (package)
        using (CpuBackend backend = new(new CpuOptions { Threads = threads, WeightCache = cache is null ? null : new WeightCache(cache) }))
        {
            Process process = Process.GetCurrentProcess();
            (TimeSpan user, TimeSpan system) = (process.UserProcessorTime, process.PrivilegedProcessorTime);
            (long methods, TimeSpan compiling) = (JitInfo.GetCompiledMethodCount(), JitInfo.GetCompilationTime());
            double weights = Timed(() => backend.Load(GraphOptimizer.Optimize(package.Graph), package.Weights, Rows), out IGraphExecutor executor);
            using (executor)
            {
                (methods, compiling) = (JitInfo.GetCompiledMethodCount() - methods, JitInfo.GetCompilationTime() - compiling);
                process.Refresh();
                (user, system) = (process.UserProcessorTime - user, process.PrivilegedProcessorTime - system);
                double tokenizer = Timed(() => package.Tokenizer, out _), fingerprint = Timed(() => package.ComputeFingerprint(executor.ContentHash.Span), out _);
                foreach (string notice in backend.Notices) Console.Error.WriteLine(notice);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {Path.GetFileNameWithoutExtension(path)} | {load} | {read:F0} | {open:F0} | {weights:F0} | {methods} | {compiling.TotalMilliseconds:F0} | {user.TotalMilliseconds:F0} | {system.TotalMilliseconds:F0} | {weights / read:F2} | {tokenizer:F0} | {fingerprint:F0} | {executor.WeightBytes >> 20} | {executor.MappedBytes >> 20} | {process.PeakWorkingSet64 >> 20} |"));
            }
        }
    }

    /// <summary>Reads the file into one small buffer for each thread, as little as a program can do to have seen it.</summary>
    private static long Read(string path, int threads)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        long part = (file.Length + threads - 1) / threads, total = 0;
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, thread =>
        {
            byte[] buffer = new byte[1 << 18];
            long end = Math.Min(file.Length, part * (thread + 1));
            for (long at = part * thread; at < end;)
            {
                int got = RandomAccess.Read(file.SafeFileHandle, buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - at)), at);
                if (got == 0) throw new IOException($"{path} was cut short while it was read.");
                at += got;
                Interlocked.Add(ref total, got);
            }
        });
        return total;
    }

    private static double Timed<T>(Func<T> work, out T result)
    {
        long start = Stopwatch.GetTimestamp();
        result = work();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
