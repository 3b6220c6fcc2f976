using System.CommandLine;
using System.Globalization;
using AutoGlm.Cli.Options;
using AutoGlm.Cli.Output;
using AutoGlm.Cpu;
using Spectre.Console;

namespace AutoGlm.Cli.Commands;

/// <summary><c>autoglm cache</c>: the folder of packed weights.</summary>
internal sealed class CacheCommand : Verb
{
    private const string List = "list", ShowPath = "path", Clear = "clear";

    private readonly Argument<string> _what = new("WHAT")
    {
        Description = "list what is in it, show its path, or clear it. A process that runs a model keeps what it has mapped.",
        DefaultValueFactory = _ => List,
    };
    private readonly Option<bool> _json = CommonOptions.Json();

    public CacheCommand(Terminal terminal)
        : base(
            terminal,
            "cache",
            "Shows or clears the packed weights that are kept, so that the next start of a model maps them instead of packing them.",
            "autoglm cache list",
            "autoglm cache path",
            "autoglm cache clear")
    {
        _what.AcceptOnlyFromAmong(List, ShowPath, Clear);
        Add(_what);
        Add(_json);
    }

    protected override Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        string folder = WeightCache.DefaultFolder ?? throw new CommandFailure("there is no folder for caches: name one in AUTOGLM_CACHE");
        WeightCache cache = new(folder);
        bool json = arguments.GetValue(_json);
        switch (arguments.GetValue(_what))
        {
            case ShowPath when json:
                JsonOutput.WriteLine(Terminal, new { folder });
                break;
            case ShowPath:
                Terminal.Out.WriteLine(folder);
                break;
            case Clear:
                WriteCleared(folder, cache.Clear(), json);
                break;
            default:
                Write(cache, json);
                break;
        }

        return Task.FromResult(ExitCode.Ok);
    }

    private void WriteCleared(string folder, long bytes, bool json)
    {
        if (json) JsonOutput.WriteLine(Terminal, new { folder, bytes });
        else Terminal.Out.WriteLine($"Deleted {Numbers.Bytes(bytes)} in {folder}.");
    }

    private void Write(WeightCache cache, bool json)
    {
        IReadOnlyList<WeightCacheEntry> files = cache.List();
        long bytes = files.Sum(file => file.Bytes);
        if (json)
        {
            JsonOutput.WriteLine(Terminal, new { cache.Folder, bytes, cache.Limit, files });
            return;
        }

        if (files.Count > 0)
        {
            Table table = Tables.Create(Terminal, "model", ">size", ">last used");
            foreach (WeightCacheEntry file in files)
                table.Add(file.Model ?? $"{file.Path} (unsound)", Numbers.Bytes(file.Bytes), file.LastUsed.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture));
            Tables.Write(Terminal, table);
        }

        Terminal.Out.WriteLine($"{Numbers.Bytes(bytes)} of at most {Numbers.Bytes(cache.Limit)} in {cache.Folder}");
    }
}
