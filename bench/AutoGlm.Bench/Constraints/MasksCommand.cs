using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using AutoGlm.Engine.Constraints;
using AutoGlm.Formats.Gguf;
using AutoGlm.Formats.Tokenizers;

namespace AutoGlm.Bench.Constraints;

/// <summary>What constraining costs: the time of a mask and of taking a token, along a text, with nothing known and with all known.</summary>
internal static class MasksCommand
{
    private const string Schema = """
        {"type":"object","properties":{"records":{"type":"array","items":{"type":"object","properties":{"id":{"type":"integer","minimum":0},"name":{"type":"string","maxLength":200},
        "tags":{"type":"array","items":{"type":"string"}},"score":{"type":"number"},"kind":{"enum":["a","b","c"]},"child":{"anyOf":[{"type":"null"},{"type":"object","properties":{"ok":{"type":"boolean"}},"required":["ok"]}]}},
        "required":["id","name","tags","score","kind","child"]}}},"required":["records"]}
        """;

    public static Command Create()
    {
        Option<string[]> files = new("--model", "-m") { Description = "GGUF files; their vocabularies will do.", Required = true, AllowMultipleArgumentsPerToken = true };
        Command command = new("masks", "Measures constrained decoding: microseconds for each token's mask.") { files };
        command.SetAction(arguments =>
        {
            Console.WriteLine("| vocabulary | tokens | grammar | text tokens | ready ms | first: mean µs | P50 | P99 | max | again: mean µs | P50 | P99 | max |");
            Console.WriteLine("|---|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
            foreach (string file in arguments.GetRequiredValue(files)) Measure(file);
        });
        return command;
    }

    private static void Measure(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        TokenVocabulary vocabulary = new(TokenizerFactory.FromGguf(file.Metadata, path));
        int[] text = vocabulary.Tokenizer.Encode(Document(), addSpecial: false, parseSpecial: false);
        (string Name, Grammar Grammar)[] grammars = [("any object", Grammar.JsonObject()), ("schema", Grammar.JsonSchema(Schema))];
        // Once over, so that no time is the compiler's.
        foreach ((_, Grammar grammar) in grammars) Walk(new GrammarConstraint(grammar, vocabulary), text);
        foreach ((string name, Grammar grammar) in grammars)
        {
            long start = Stopwatch.GetTimestamp();
            GrammarConstraint constraint = new(grammar, vocabulary);
            double ready = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            string first = Row(Walk(constraint, text)), again = Row(Walk(constraint, text));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {Path.GetFileNameWithoutExtension(path)} | {vocabulary.Size:N0} | {name} | {text.Length:N0} | {ready:F1} | {first} | {again} |"));
        }
    }

    private static double[] Walk(GrammarConstraint constraint, int[] text)
    {
        ConstraintState state = constraint.Start();
        float[] logits = new float[constraint.Vocabulary.Size];
        double[] times = new double[text.Length];
        for (int i = 0; i < text.Length; i++)
        {
            Array.Clear(logits);
            long start = Stopwatch.GetTimestamp();
            state.Mask(logits);
            double mask = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
            if (logits[text[i]] != 0) throw new InvalidOperationException($"the mask forbids token {text[i]}, number {i} of the text");
            start = Stopwatch.GetTimestamp();
            state.Advance(text[i]);
            times[i] = mask + Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }

        return times;
    }

    private static string Row(double[] times)
    {
        double[] sorted = [.. times.Order()];
        return string.Create(CultureInfo.InvariantCulture, $"{times.Average():F1} | {sorted[sorted.Length / 2]:F1} | {sorted[sorted.Length * 99 / 100]:F1} | {sorted[^1]:F1}");
    }

    private static string Document()
    {
        string[] words = ["river", "grammar", "stone", "seven", "Übung", "naïve", "東京", "quick", "light", "paper", "window", "orange", "\\n", "\\\"so\\\""];
        Random random = new(1);
        StringBuilder text = new("{\"records\":[");
        for (int i = 0; i < 60; i++)
        {
            string name = string.Join(' ', Enumerable.Range(0, 3 + random.Next(12)).Select(_ => words[random.Next(words.Length)]));
            string tags = string.Join(',', Enumerable.Range(0, random.Next(5)).Select(_ => $"\"{words[random.Next(10)]}\""));
            string child = random.Next(2) == 0 ? "null" : "{\"ok\":true}";
            text.Append(CultureInfo.InvariantCulture, $"{(i == 0 ? "" : ",")}{{\"id\":{random.Next(100000)},\"name\":\"{name}\",\"tags\":[{tags}],\"score\":{random.NextDouble() * 100:F4},\"kind\":\"{"abc"[random.Next(3)]}\",\"child\":{child}}}");
        }

        string document = text.Append("]}").ToString();
        _ = JsonNode.Parse(document);
        return document;
    }
}
