using System.CommandLine;
using AutoGlm.Cli.Loading;
using AutoGlm.Cli.Options;
using AutoGlm.Cli.Output;
using AutoGlm.Server;
using Microsoft.Extensions.Logging;

namespace AutoGlm.Cli.Commands;

/// <summary><c>autoglm serve</c>: a server.</summary>
internal sealed class ServeCommand : Verb
{
    private const string At = " at http://";

    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<string> _host = new("--host") { Description = "Address to listen on: 127.0.0.1 for this machine alone, 0.0.0.0 for all.", HelpName = "IP", DefaultValueFactory = _ => "127.0.0.1" };
    private readonly Option<int> _port = new Option<int>("--port", "-p") { Description = "Port to listen on; 0 takes a free one and says which.", HelpName = "N", DefaultValueFactory = _ => 8080 }.Between(0, 65535);
    private readonly Option<string[]> _keys = new("--api-key")
    {
        Description = "A key that clients must send; may be given several times. Each key is a tenant of its own.",
        HelpName = "KEY",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };
    private readonly Option<string?> _keyFile = new("--api-key-file") { Description = "A file with a key on each line; # begins a comment.", HelpName = "FILE" };
    private readonly Option<bool> _share = new("--share-cache") { Description = "Let tenants share what is cached. They can then tell by the time it takes what others have asked." };
    private readonly Option<string?> _alias = new("--alias", "-a") { Description = "The model's id. Without it, its file's name.", HelpName = "NAME" };
    private readonly Option<string[]> _cors = new("--cors")
    {
        Description = "An origin whose web pages may use the server, such as http://localhost:3000, or * for all; may be given several times.",
        HelpName = "ORIGIN",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };
    private readonly Option<bool> _strict = new("--strict") { Description = "Refuse fields and model ids that are unknown, instead of ignoring them." };
    private readonly Option<string?> _warmUp = new("--warmup") { Description = "Conversations to compute before the server is ready: a JSON object with messages or prompt on each line, and as tenant the API key that it is for.", HelpName = "FILE" };
    private readonly Option<string?> _state = new("--state") { Description = "Keep here what prompts often begin with, as token ids, and compute it at the next start. Without it, nothing is kept.", HelpName = "FOLDER" };
    private readonly Option<int> _stateInterval = new Option<int>("--state-interval") { Description = "Seconds between two looks at what is to be kept in the state folder: what a server that is killed forgets.", HelpName = "S", DefaultValueFactory = _ => 60 }.Between(1, 86_400);
    private readonly Option<int> _maxWaiting = new Option<int>("--max-waiting") { Description = "Most requests that wait; more get status 429.", HelpName = "N", DefaultValueFactory = _ => 512 }.Between(1, 1 << 20);
    private readonly Option<int> _parallel = new Option<int>("--parallel", "-np") { Description = "Most answers computed at a time.", HelpName = "N", DefaultValueFactory = _ => 64 }.Between(1, 1 << 16);
    private readonly Option<int> _maxBody = new Option<int>("--max-body") { Description = "Most MiB of a request's body.", HelpName = "MIB", DefaultValueFactory = _ => 16 }.Between(1, 1024);
    private readonly Option<int> _grace = new Option<int>("--grace") { Description = "Seconds that running answers have to finish when the server stops.", HelpName = "S", DefaultValueFactory = _ => 30 }.Between(0, 86_400);
    private readonly Option<string> _logFormat = new("--log-format") { Description = "Log lines as text or json.", HelpName = "FORMAT", DefaultValueFactory = _ => "text" };
    private readonly Option<string> _logLevel = new("--log-level") { Description = "The least that is logged: debug, information, warning or error.", HelpName = "LEVEL", DefaultValueFactory = _ => "information" };
    private readonly Option<bool> _logPrompts = new("--log-prompts") { Description = "Log prompts, which may hold what nobody else should read." };
    private readonly Option<string?> _kvMemory = new("--kv-memory") { Description = "Memory for the KV cache, such as 512M or 4G. Without it, by what is free.", HelpName = "SIZE" };
    private readonly Option<string> _kvPolicy = new("--kv-policy") { Description = "Which cached content goes first: lru, lfu, ttl or lru+ttl.", HelpName = "NAME", DefaultValueFactory = _ => "lru" };
    private readonly Option<int> _kvTtl = new Option<int>("--kv-ttl") { Description = "Seconds after its last use until cached content goes, with the policies that have ttl.", HelpName = "S", DefaultValueFactory = _ => 600 }.Between(1, 31_536_000);
    private readonly Option<bool> _check = new("--check") { Description = "Load, warm up, answer nobody, and stop: tells whether all is well." };
    private readonly RuntimeOptions _runtime;

    public ServeCommand(Terminal terminal)
        : base(
            terminal,
            "serve",
            "Serves a model over HTTP, as OpenAI's API has it.",
            "autoglm serve",
            "autoglm serve -m model.gguf --host 0.0.0.0 --port 8000 --api-key-file keys.txt",
            "autoglm serve --warmup prompts.jsonl --kv-memory 4G --log-format json")
    {
        _kvPolicy.AcceptOnlyFromAmong("lru", "lfu", "ttl", "lru+ttl");
        _kvMemory.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && ParseSize(text) is null) result.AddError($"--kv-memory {text}: should be a size such as 512M or 4G");
        });
        _logFormat.AcceptOnlyFromAmong("text", "json");
        _logLevel.AcceptOnlyFromAmong("debug", "information", "warning", "error");
        foreach (Option option in new Option[] { _model, _host, _port, _keys, _keyFile, _share, _alias, _cors, _strict, _warmUp, _state, _stateInterval, _maxWaiting, _parallel, _maxBody, _grace, _logFormat, _logLevel, _logPrompts, _kvMemory, _kvPolicy, _kvTtl, _check }) Add(option);
        _runtime = new RuntimeOptions(this);
    }

    /// <summary>The address in a line of a server's output, which says where it serves once it is ready; null in any other.</summary>
    public static Uri? AddressIn(string line) =>
        line.LastIndexOf(At, StringComparison.Ordinal) is >= 0 and var at && Uri.TryCreate(line[(at + " at ".Length)..], UriKind.Absolute, out Uri? address) ? address : null;

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        ServerOptions options = Read(arguments);
        await using AutoGlmServer server = await AutoGlmServer.ListenAsync(options, cancellation);
        await WorkProgress.RunAsync(
            Terminal,
            "Loading " + PlainText.OneLine(server.ModelId),
            (progress, token) =>
            {
                server.LoadAsync(progress, token).GetAwaiter().GetResult();
                return true;
            },
            cancellation);
        Terminal.Out.WriteLine($"Serving {server.ModelId}{At}{server.Address.Authority}/");
        Terminal.Out.Flush();
        if (arguments.GetValue(_check)) return ExitCode.Ok;
        using (Interrupts.Scope stopping = Terminal.Interrupts.Begin())
        {
            await Task.Delay(Timeout.Infinite, stopping.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            Terminal.Note("stopping; Ctrl-C again ends running answers");
        }

        // A request to terminate has the whole grace period; a second Ctrl-C ends it.
        await server.StopAsync(Terminal.Interrupts.WasTerminated ? CancellationToken.None : cancellation);
        return ExitCode.Ok;
    }

    private ServerOptions Read(ParseResult arguments) => new()
    {
        ModelPath = EmbeddedModel.OrGiven(arguments.GetValue(_model)),
        Engine = _runtime.Read(arguments) with
        {
            MaxWaiting = arguments.GetValue(_maxWaiting),
            MaxSequences = arguments.GetValue(_parallel),
            KvMemory = arguments.GetValue(_kvMemory) is { } size ? ParseSize(size) : null,
            CachePolicy = arguments.GetRequiredValue(_kvPolicy),
            CacheTtl = TimeSpan.FromSeconds(arguments.GetValue(_kvTtl)),
            ShareAcrossTenants = arguments.GetValue(_share),
            StateInterval = TimeSpan.FromSeconds(arguments.GetValue(_stateInterval)),
        },
        Host = arguments.GetRequiredValue(_host),
        Port = arguments.GetValue(_port),
        ApiKeys = [.. arguments.GetValue(_keys) ?? [], .. ReadKeys(arguments.GetValue(_keyFile))],
        Alias = arguments.GetValue(_alias),
        CorsOrigins = arguments.GetValue(_cors) ?? [],
        Strict = arguments.GetValue(_strict),
        WarmUpFile = arguments.GetValue(_warmUp),
        StateFolder = arguments.GetValue(_state),
        MaxBodyBytes = (long)arguments.GetValue(_maxBody) << 20,
        Grace = TimeSpan.FromSeconds(arguments.GetValue(_grace)),
        JsonLog = arguments.GetValue(_logFormat) == "json",
        LogLevel = Enum.Parse<LogLevel>(arguments.GetRequiredValue(_logLevel), ignoreCase: true),
        LogPrompts = arguments.GetValue(_logPrompts),
    };

    /// <summary>Bytes of 512M, 4G, 1T or a plain number; null where it is none of them.</summary>
    private static long? ParseSize(string text)
    {
        int shift = text.Length == 0 ? 0 : char.ToUpperInvariant(text[^1]) switch { 'K' => 10, 'M' => 20, 'G' => 30, 'T' => 40, _ => 0 };
        string digits = shift > 0 ? text[..^1] : text;
        return long.TryParse(digits, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out long number) && number > 0 && number <= long.MaxValue >> shift ? number << shift : null;
    }

    private static IEnumerable<string> ReadKeys(string? file)
    {
        if (file is null) return [];
        string[] keys = [.. TextFile.Read(file).Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#')];
        return keys.Length > 0 ? keys : throw new CommandFailure($"{file}: keys: there is none; write one on each line");
    }
}
