using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace AutoGlm.Cli.Options;

/// <summary>Options whose numbers have bounds: what is outside is an error of the command line.</summary>
internal static class OptionRanges
{
    /// <summary>An option for a whole number with a default and bounds.</summary>
    public static Option<int> Count(string name, string description, int otherwise, int most, int least = 1) =>
        new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => otherwise }.Between(least, most);

    /// <summary>Bounds for every number given, ends included.</summary>
    public static Option<T> Between<T>(this Option<T> option, double least, double most)
    {
        option.Validators.Add(result =>
        {
            foreach (Token token in result.Tokens)
            {
                foreach (string part in token.Value.Split(','))
                {
                    // What is no number at all the parser refuses itself.
                    if (double.TryParse(part, CultureInfo.InvariantCulture, out double value) && !(value >= least && value <= most))
                        result.AddError(string.Create(CultureInfo.InvariantCulture, $"{option.Name} {part}: should be between {least} and {most}"));
                }
            }
        });
        return option;
    }
}
