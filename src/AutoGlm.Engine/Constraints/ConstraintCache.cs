namespace AutoGlm.Engine.Constraints;

/// <summary>Grammars made ready for one vocabulary, those used last. For any number of threads.</summary>
internal sealed class ConstraintCache(TokenVocabulary vocabulary)
{
    private const int Most = 32;

    private readonly Lock _lock = new();
    private readonly LinkedList<(string Key, Lazy<GrammarConstraint> Constraint)> _recent = [];

    public GrammarConstraint Get(Grammar grammar)
    {
        if (grammar.Key is not { } key) return Prepare(grammar);
        Lazy<GrammarConstraint> constraint;
        lock (_lock)
        {
            LinkedListNode<(string Key, Lazy<GrammarConstraint> Constraint)>? node = _recent.First;
            while (node is not null && node.Value.Key != key) node = node.Next;
            if (node is not null) _recent.Remove(node);
            node ??= new((key, new Lazy<GrammarConstraint>(() => Prepare(grammar))));
            _recent.AddFirst(node);
            if (_recent.Count > Most) _recent.RemoveLast();
            constraint = node.Value.Constraint;
        }

        return constraint.Value;
    }

    /// <summary>Whoever asks finds the first masks, which are the slow ones, so that the steps of other answers need not wait for them.</summary>
    private GrammarConstraint Prepare(Grammar grammar)
    {
        GrammarConstraint constraint = new(grammar, vocabulary);
        constraint.WarmUp();
        return constraint;
    }
}
