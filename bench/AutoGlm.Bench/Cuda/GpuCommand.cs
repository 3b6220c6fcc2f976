using System.CommandLine;
using System.Globalization;
using System.Text;
using AutoGlm.Cuda;
using AutoGlm.Cuda.Measuring;
using AutoGlm.Cuda.Modules;

namespace AutoGlm.Bench.Cuda;

/// <summary>
/// Models on a card: prompts, one sequence and many, beside llama.cpp's CUDA build on the same files in the same run, and as shares of
/// what the card's memory and tensor cores give, which are measured first. The two engines take turns, each in a process of its own.
/// </summary>
internal static class GpuCommand
{
    public static Command Create()
    {
        Option<string[]> models = new("--model", "-m") { Description = "GGUF files.", Required = true, AllowMultipleArgumentsPerToken = true };
        Option<string?> llama = new("--llama-bench") { Description = "llama.cpp's llama-bench, built for CUDA; llama-batched-bench beside it measures many sequences." };
        Option<int> prompt = new("--pp") { Description = "Tokens of a prompt; 0 for none.", DefaultValueFactory = _ => 2048 };
        Option<int> generation = new("--tg") { Description = "Tokens to generate.", DefaultValueFactory = _ => 128 };
        Option<int> sequences = new("--batch") { Description = "Sequences that also generate together; 0 for none.", DefaultValueFactory = _ => 128 };
        Option<int> depth = new("--depth") { Description = "Tokens that each of many sequences holds before.", DefaultValueFactory = _ => 512 };
        Option<int> rounds = new("--rounds", "-r") { Description = "Rounds, in each of which both engines have a turn.", DefaultValueFactory = _ => 3 };
        Command command = new("gpu", "Measures models on a card, beside llama.cpp and the card's limits.") { models, llama, prompt, generation, sequences, depth, rounds };
        command.SetAction(arguments =>
        {
            CardWork work = new(arguments.GetValue(prompt), arguments.GetValue(generation), arguments.GetValue(sequences), arguments.GetValue(depth));
            Run(arguments.GetRequiredValue(models), arguments.GetValue(llama), work, arguments.GetValue(rounds));
        });
        return command;
    }

    private static void Run(string[] models, string? llama, CardWork work, int rounds)
    {
        (string card, double read, double? multiply) = Limits();
        StringBuilder table = new();
        table.AppendLine(llama is null ? "| model | work | tok/s (spread) | of the limit |" : "| model | work | tok/s (spread) | of the limit | llama.cpp tok/s (spread) | ratio |");
        table.AppendLine(llama is null ? "|---|---|---|---|" : "|---|---|---|---|---|---|");
        foreach (string model in models)
        {
            CardRuns ours = new(), theirs = new();
            for (int round = 0; round < rounds; round++)
            {
                ours.Add(AutoGlmOnCard.Measure(model, work));
                if (llama is not null) theirs.Add(LlamaOnCard.Measure(llama, model, work));
            }

            foreach (string row in ours.Rows(Path.GetFileNameWithoutExtension(model), llama is null ? null : theirs, read, multiply)) table.AppendLine(row);
            Console.Error.WriteLine($"{model} is done");
        }

        Console.WriteLine(table.ToString());
        string cores = multiply is { } rate ? string.Create(CultureInfo.InvariantCulture, $"cuBLASLt's bf16 product of 8192³ gives {rate / 1e12:F0} TFLOP/s") : "cuBLASLt is not there, so that prompts have no limit";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{card}; a plain read gives {read / 1e9:F0} GB/s, {cores}, measured before. Medians of {rounds} rounds in turns, {DateTime.UtcNow:yyyy-MM-dd}."));
    }

    private static (string Card, double Read, double? Multiply) Limits()
    {
        using CudaDevice device = CudaDevice.Open();
        using CudaStream stream = new();
        using KernelLibrary kernels = new(device, CubinCache.DefaultFolder);
        return (device.ToString(), MemoryRead.Rate(device, stream, kernels), DenseRate.Measure(device, stream));
    }
}
