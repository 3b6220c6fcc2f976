using System.CommandLine;

namespace AutoGlm.Cli.Options;

/// <summary><c>--without NAME,NAME</c>: passes to leave out. Names that are none are refused, with those there are.</summary>
internal sealed class PassesOption : Option<string[]>
{
    /// <param name="known">Names that are passes.</param>
    /// <param name="description">What leaving them out is for.</param>
    public PassesOption(IReadOnlyCollection<string> known, string description)
        : base("--without")
    {
        Description = description;
        HelpName = "PASS";
        Validators.Add(result =>
        {
            foreach (string name in Names(result.Tokens.Select(token => token.Value)).Except(known))
                result.AddError($"--without {name}: there is no such pass; there are {string.Join(", ", known)}");
        });
    }

    /// <summary>The passes that a command line leaves out.</summary>
    public string[] Read(ParseResult arguments) => [.. Names(arguments.GetValue(this) ?? [])];

    private static IEnumerable<string> Names(IEnumerable<string> lists) =>
        lists.SelectMany(list => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Distinct();
}
