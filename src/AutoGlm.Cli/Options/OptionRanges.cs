using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace AutoGlm.Cli.Options;

/// <summary>Options whose numbers have bounds: what is outside is an error of the command line.</summary>
internal static class OptionRanges
{
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
