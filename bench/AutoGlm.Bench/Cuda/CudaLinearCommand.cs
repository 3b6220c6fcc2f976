using System.CommandLine;
using System.Globalization;
using AutoGlm.Cuda;
using AutoGlm.Formats.Tensors;
using Spectre.Console;

namespace AutoGlm.Bench.Cuda;

/// <summary>
/// Matrix products on a card, of the layers of a model of 7.5 billion parameters: bytes of weights a second beside a plain
/// read of memory, and operations a second. The weights of several layers take turns, so that no cache holds them.
/// </summary>
internal static class CudaLinearCommand
{
    public static Command Create()
    {
        Option<string> types = new("--types") { Description = "Weight types, with commas between.", DefaultValueFactory = _ => "BF16,Q8_0,Q4_K" };
        Option<string> rows = new("--rows") { Description = "Activation rows, with commas between.", DefaultValueFactory = _ => "1,8,32,128,2048" };
        Option<int> device = new("--device") { Description = "The card, counted from 0." };
        Command command = new("cuda-linear", "Measures a card's matrix products against its memory.") { types, rows, device };
        command.SetAction(arguments => Run(
            [.. Split(arguments.GetRequiredValue(types)).Select(Enum.Parse<TensorType>)],
            [.. Split(arguments.GetRequiredValue(rows)).Select(text => int.Parse(text, CultureInfo.InvariantCulture))],
            arguments.GetValue(device)));
        return command;
    }

    private static int Run(TensorType[] types, int[] rows, int ordinal)
    {
        using CudaDevice device = CudaDevice.Open(ordinal);
        using CudaLinearBench bench = new(device, rows.Max());
        double read = bench.ReadRate();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{device}; plain read {read / 1e9:F0} GB/s"));
        Table table = new() { Border = TableBorder.Markdown };
        table.AddColumns(["type", "rows", .. CudaLinearBench.Layers.Select(layer => layer.Name + " µs"), "all µs", "GB/s", "of read", "TFLOP/s"]);
        foreach (TensorType type in types)
        {
            using CudaLayers layers = bench.Load(type);
            foreach (int count in rows) table.AddRow(Row(type, count, bench.Time(layers, count), read));
        }

        AnsiConsole.Write(table);
        return 0;
    }

    private static string[] Row(TensorType type, int rows, CudaLayerTimes times, double read)
    {
        string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
        double rate = times.FileBytes / times.All;
        return
        [
            type.ToString(),
            Number(rows, "0"),
            .. times.Each.Select(seconds => Number(seconds * 1e6, "0.0")),
            Number(times.All * 1e6, "0.0"),
            Number(rate / 1e9, "0"),
            Number(rate / read, "0.0%"),
            Number(2.0 * rows * times.Weights / times.All / 1e12, "0"),
        ];
    }

    private static string[] Split(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
