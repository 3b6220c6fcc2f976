using AutoGlm.Engine.Constraints;

namespace AutoGlm.Engine.Tools;

/// <summary>A conversation made ready: the prompt, what the answer may be, and how to read it.</summary>
public sealed class PreparedChat
{
    private readonly Func<IAnswerReader> _reader;
    private readonly Func<string> _newId;

    internal PreparedChat(IReadOnlyList<int> prompt, GrammarConstraint? constraint, bool keepControlTokens, Func<IAnswerReader> reader, Func<string> newId)
    {
        (Prompt, Constraint, KeepControlTokens) = (prompt, constraint, keepControlTokens);
        (_reader, _newId) = (reader, newId);
    }

    /// <summary>For <see cref="GenerationRequest.Prompt"/>.</summary>
    public IReadOnlyList<int> Prompt { get; }

    /// <summary>For <see cref="GenerationRequest.Constraint"/>.</summary>
    public GrammarConstraint? Constraint { get; }

    /// <summary>For <see cref="GenerationRequest.KeepControlTokens"/>.</summary>
    public bool KeepControlTokens { get; }

    /// <summary>A request for one answer; more is set by <c>with</c>.</summary>
    public GenerationRequest ToRequest() => new() { Prompt = Prompt, Constraint = Constraint, KeepControlTokens = KeepControlTokens };

    /// <summary>A reader for one answer.</summary>
    public AnswerParser CreateParser() => new(_reader(), _newId);
}
