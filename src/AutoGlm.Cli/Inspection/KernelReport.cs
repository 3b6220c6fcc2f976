using System.Globalization;
using AutoGlm.Cli.Output;
using AutoGlm.Cuda;
using Spectre.Console;

namespace AutoGlm.Cli.Inspection;

/// <summary>The kernels of the first NVIDIA card, and what they take of it and get out of its memory.</summary>
internal static class KernelReport
{
    public static void Write(Terminal terminal, bool json)
    {
        (string tuning, IReadOnlyList<KernelUse> kernels) = KernelUse.List();
        terminal.Note("launch shapes: " + tuning);
        if (json)
        {
            JsonOutput.WriteLine(terminal, kernels.Select(kernel => new
            {
                name = kernel.Name,
                registers = kernel.Registers,
                shared_bytes = kernel.SharedBytes,
                local_bytes = kernel.LocalBytes,
                max_threads = kernel.MaxThreads,
                occupancy = kernel.Occupancy,
                bytes_per_second = kernel.BytesPerSecond,
                fraction_of_read = kernel.OfRead,
            }));
            return;
        }

        Table table = Tables.Create(terminal, "kernel", ">registers", ">shared", ">local", ">threads", ">occupancy", ">GB/s", ">of read");
        foreach (KernelUse kernel in kernels)
        {
            table.Add(
                kernel.Name,
                kernel.Registers.ToString(CultureInfo.InvariantCulture),
                kernel.SharedBytes.ToString(CultureInfo.InvariantCulture),
                kernel.LocalBytes.ToString(CultureInfo.InvariantCulture),
                kernel.MaxThreads.ToString(CultureInfo.InvariantCulture),
                kernel.Occupancy.ToString("P0", CultureInfo.InvariantCulture),
                (kernel.BytesPerSecond / 1e9)?.ToString("F0", CultureInfo.InvariantCulture) ?? "",
                kernel.OfRead?.ToString("P0", CultureInfo.InvariantCulture) ?? "");
        }

        Tables.Write(terminal, table);
    }
}
