namespace AutoGlm.Engine.Constraints.Automata;

/// <summary>Counts the work of one mask or token.</summary>
internal sealed class WorkMeter
{
    private long _left = GrammarLimits.Work;

    public void Restart() => _left = GrammarLimits.Work;

    /// <exception cref="GrammarException">It is too much.</exception>
    public void Charge(int work)
    {
        if ((_left -= work) < 0) throw new GrammarException("grammar", "it is too ambiguous to follow: at this text there are too many ways to go on. Let fewer alternatives begin alike.");
    }
}
