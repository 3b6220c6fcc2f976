using System.CommandLine;
using System.Globalization;

namespace AutoGlm.Bench.Peers;

/// <summary>This engine and others on the same files, threads and workloads, taking turns in one run.</summary>
internal static class PeersCommand
{
    public static Command Create()
    {
        Option<string[]> models = new("--model", "-m") { Description = "GGUF files.", Required = true, AllowMultipleArgumentsPerToken = true };
        Option<string[]> benches = new("--llama-bench") { Description = "A llama.cpp's llama-bench, as NAME=PATH; may be repeated.", DefaultValueFactory = _ => [] };
        Option<string?> node = new("--node") { Description = "The folder bench/peers, to measure node-llama-cpp; installed there at the first use." };
        Option<int> prompt = new("--pp") { Description = "Tokens of a prompt; 0 for none.", DefaultValueFactory = _ => 512 };
        Option<int> generation = new("--tg") { Description = "Tokens to generate; 0 for none.", DefaultValueFactory = _ => 64 };
        Option<int> batch = new("--batch") { Description = "Sequences that also generate together; 1 for none.", DefaultValueFactory = _ => 8 };
        Option<int> threads = new("--threads", "-t") { Description = "Threads of each engine.", DefaultValueFactory = _ => Environment.ProcessorCount };
        Option<int> rounds = new("--rounds", "-r") { Description = "Rounds; in each every engine has a turn.", DefaultValueFactory = _ => 5 };
        Option<string> output = new("--out", "-o") { Description = "Folder for peers.md and peers.png.", DefaultValueFactory = _ => "." };
        Command command = new("peers", "Measures this engine beside others on the same files in the same run.") { models, benches, node, prompt, generation, batch, threads, rounds, output };
        command.SetAction(arguments =>
        {
            List<IContestant> contestants = [new AutoGlmContestant()];
            foreach (string bench in arguments.GetRequiredValue(benches))
            {
                string[] parts = bench.Split('=', 2);
                contestants.Add(new LlamaBenchContestant(parts.Length == 2 ? parts[0] : "llama.cpp", parts[^1]));
            }

            if (arguments.GetValue(node) is { } folder)
            {
                NodeLlamaContestant contestant = new(folder);
                contestant.Install();
                contestants.Add(contestant);
            }

            if (contestants.Count == 1) throw new ArgumentException("name a peer: --node bench/peers, or --llama-bench NAME=PATH");
            int generated = arguments.GetRequiredValue(generation), sequences = arguments.GetRequiredValue(batch);
            Workload[] workloads = [.. new Workload[] { new(0, generated, 1), new(arguments.GetRequiredValue(prompt), 0, 1), new(0, sequences > 1 ? generated : 0, sequences) }
                .Where(workload => workload.PromptTokens + workload.GeneratedTokens > 0)];
            List<PeerResult> results = [.. from model in arguments.GetRequiredValue(models)
                                           from workload in workloads
                                           select Compare(model, workload, contestants, arguments.GetRequiredValue(threads), arguments.GetRequiredValue(rounds))];
            Write(results, arguments.GetRequiredValue(output), arguments.GetRequiredValue(threads), arguments.GetRequiredValue(rounds));
        });
        return command;
    }

    private static PeerResult Compare(string model, Workload workload, List<IContestant> contestants, int threads, int rounds)
    {
        double[][] rates = [.. contestants.Select(_ => new double[rounds])];
        for (int round = 0; round < rounds; round++)
        {
            for (int turn = 0; turn < contestants.Count; turn++)
            {
                // Who begins changes, so that no one always runs on a rested machine.
                int contestant = (turn + round) % contestants.Count;
                rates[contestant][round] = contestants[contestant].Measure(model, workload, threads);
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(model)}, {workload.Name}, round {round + 1}: {contestants[contestant].Name} {rates[contestant][round]:F1} tok/s"));
            }
        }

        return new PeerResult(Path.GetFileNameWithoutExtension(model), workload, [.. contestants.Select(contestant => contestant.Name)], rates);
    }

    private static void Write(List<PeerResult> results, string folder, int threads, int rounds)
    {
        Directory.CreateDirectory(folder);
        string table = PeerTable.Format(results, $"{threads} threads, medians of {rounds} alternating rounds, {DateTime.UtcNow:yyyy-MM-dd}; the ratio is this engine's rate over the peer's.");
        File.WriteAllText(Path.Combine(folder, "peers.md"), table);
        PeerChart.Save(results, Path.Combine(folder, "peers.png"));
        Console.WriteLine(table);
    }
}
