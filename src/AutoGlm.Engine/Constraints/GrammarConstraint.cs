using AutoGlm.Engine.Constraints.Automata;
using AutoGlm.Engine.Constraints.Syntax;
using AutoGlm.Engine.Constraints.Tokens;

namespace AutoGlm.Engine.Constraints;

/// <summary>
/// A grammar made ready for a vocabulary: what <see cref="GenerationRequest.Constraint"/> takes. What one answer finds out about it
/// serves all others. Any number of threads and answers may share one.
/// </summary>
public sealed class GrammarConstraint
{
    private readonly Lock _lock = new();
    private readonly Automaton _automaton;
    private readonly WorkMeter _meter = new();
    private Machine _machine;
    private MaskMaker _masks;

    /// <summary>Makes a grammar ready.</summary>
    /// <exception cref="GrammarException">It is left recursive or too large.</exception>
    public GrammarConstraint(Grammar grammar, TokenVocabulary vocabulary)
    {
        Vocabulary = vocabulary;
        _automaton = AutomatonBuilder.Build(grammar.Root);
        (_machine, _masks) = Fresh();
        if (_machine.Start is { IsAccepting: false } start && _machine.IsFinal(start)) throw new GrammarException("grammar", "no text can satisfy it");
    }

    public TokenVocabulary Vocabulary { get; }

    /// <summary>A new answer's state.</summary>
    public ConstraintState Start() => new(this, _machine, _machine.Start);

    /// <summary>Bytes of what is kept of masks.</summary>
    internal long KeptMaskBytes
    {
        get
        {
            lock (_lock) return _masks.KeptBytes;
        }
    }

    /// <summary>Finds the masks at the start, and after what can only come first, before an answer waits for them.</summary>
    /// <exception cref="GrammarException">No token of the vocabulary can begin a text.</exception>
    internal void WarmUp()
    {
        ConstraintState state = Start();
        state.Allowed();
        if (state.TakeForced().Count > 0) state.Allowed();
    }

    /// <summary>Runs work on the machine of the day; a state of an earlier one moves over first.</summary>
    internal T Run<T>(ref Machine owner, ref MachineState state, Func<Machine, MaskMaker, MachineState, T> work)
    {
        lock (_lock)
        {
            _meter.Restart();
            if (_machine.Size > GrammarLimits.KeptStates || _masks.KeptBytes > GrammarLimits.KeptMaskBytes) (_machine, _masks) = Fresh();
            if (owner != _machine) (owner, state) = (_machine, _machine.Import(state));
            return work(_machine, _masks, state);
        }
    }

    private (Machine, MaskMaker) Fresh()
    {
        _meter.Restart();
        Machine machine = new(_automaton, _meter);
        return (machine, new MaskMaker(machine, Vocabulary));
    }
}
