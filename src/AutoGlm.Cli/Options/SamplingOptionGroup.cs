using System.CommandLine;
using AutoGlm.Engine.Sampling;

namespace AutoGlm.Cli.Options;

/// <summary>How tokens are chosen. What the command line does not say, the model's file does.</summary>
internal sealed class SamplingOptionGroup
{
    private readonly Option<float?> _temperature = new Option<float?>("--temp")
    {
        Description = "Temperature; 0 always takes the likeliest token.",
        HelpName = "T",
    }.Between(0, 100);
    private readonly Option<int?> _topK = new Option<int?>("--top-k")
    {
        Description = "Choose among the K likeliest tokens only; 0 for all.",
        HelpName = "K",
    }.Between(0, int.MaxValue);
    private readonly Option<float?> _topP = new Option<float?>("--top-p")
    {
        Description = "Choose among the fewest tokens that hold this probability together; 1 for all.",
        HelpName = "P",
    }.Between(0, 1);
    private readonly Option<float?> _minP = new Option<float?>("--min-p")
    {
        Description = "Leave out tokens less likely than this fraction of the likeliest; 0 for none.",
        HelpName = "P",
    }.Between(0, 1);
    private readonly Option<float?> _typical = new Option<float?>("--typical")
    {
        Description = "Choose among the most typical tokens that hold this probability together; 1 for all.",
        HelpName = "P",
    }.Between(0, 1);
    private readonly Option<float?> _repetition = new Option<float?>("--repeat-penalty")
    {
        Description = "Make tokens of the text so far less likely by this factor; 1 for no change.",
        HelpName = "X",
    }.Between(0.01, 100);
    private readonly Option<float?> _frequency = new Option<float?>("--frequency-penalty")
    {
        Description = "Take this off a token's logit for each time it is in the text so far.",
        HelpName = "X",
    }.Between(-100, 100);
    private readonly Option<float?> _presence = new Option<float?>("--presence-penalty")
    {
        Description = "Take this off a token's logit if it is in the text so far.",
        HelpName = "X",
    }.Between(-100, 100);
    private readonly Option<int?> _window = new Option<int?>("--repeat-last-n")
    {
        Description = "The last tokens that the penalties look at; -1 for all.",
        HelpName = "N",
    }.Between(-1, int.MaxValue);
    private readonly Option<ulong?> _seed = new("--seed", "-s")
    {
        Description = "Seed: the same seed gives the same text.",
        HelpName = "S",
    };

    public SamplingOptionGroup(Command command)
    {
        foreach (Option option in new Option[] { _temperature, _topK, _topP, _minP, _typical, _repetition, _frequency, _presence, _window, _seed }) command.Add(option);
    }

    public SamplingOptions Read(ParseResult arguments, SamplingOptions defaults) => defaults with
    {
        Temperature = arguments.GetValue(_temperature) ?? defaults.Temperature,
        TopK = arguments.GetValue(_topK) ?? defaults.TopK,
        TopP = arguments.GetValue(_topP) ?? defaults.TopP,
        MinP = arguments.GetValue(_minP) ?? defaults.MinP,
        TypicalP = arguments.GetValue(_typical) ?? defaults.TypicalP,
        RepetitionPenalty = arguments.GetValue(_repetition) ?? defaults.RepetitionPenalty,
        FrequencyPenalty = arguments.GetValue(_frequency) ?? defaults.FrequencyPenalty,
        PresencePenalty = arguments.GetValue(_presence) ?? defaults.PresencePenalty,
        PenaltyWindow = arguments.GetValue(_window) ?? defaults.PenaltyWindow,
        Seed = arguments.GetValue(_seed) ?? defaults.Seed,
    };
}
