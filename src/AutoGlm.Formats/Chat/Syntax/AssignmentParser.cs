namespace AutoGlm.Formats.Chat.Syntax;

/// <summary>Parses what stands left of an assignment: names, tuples of them, and attributes of a namespace.</summary>
internal sealed class AssignmentParser(TokenStream tokens)
{
    public AssignmentTarget Parse(bool withNamespace, string? endName = null)
    {
        int line = tokens.Line;
        var items = new List<AssignmentTarget>();
        bool isTuple = false;
        while (tokens.Current.Kind != TokenKind.BlockEnd && !tokens.Current.IsOperator(")") && !(endName is not null && tokens.Current.IsName(endName)))
        {
            items.Add(ParseOne(withNamespace));
            if (!tokens.SkipOperator(",")) break;
            isTuple = true;
        }

        if (items.Count == 0) throw tokens.Unexpected("a name to assign to");
        return isTuple ? new TupleTarget(line, items) : items[0];
    }

    public string ParseName()
    {
        Token token = tokens.Current;
        string name = tokens.ExpectName();
        if (name is "true" or "True" or "false" or "False" or "none" or "None")
        {
            throw TemplateError.Syntax(token.Line, $"cannot assign to '{name}'");
        }

        return name;
    }

    private AssignmentTarget ParseOne(bool withNamespace)
    {
        int line = tokens.Line;
        if (tokens.SkipOperator("("))
        {
            tokens.Enter();
            AssignmentTarget inner = Parse(withNamespace: false);
            tokens.ExpectOperator(")");
            tokens.Leave();
            return inner;
        }

        if (tokens.Current.Kind != TokenKind.Name) throw tokens.Unexpected("a name to assign to");
        string name = ParseName();
        return withNamespace && tokens.SkipOperator(".") ? new NamespaceTarget(line, name, tokens.ExpectName()) : new NameTarget(line, name);
    }
}
