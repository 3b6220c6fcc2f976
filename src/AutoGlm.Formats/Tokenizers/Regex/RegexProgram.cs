namespace AutoGlm.Formats.Tokenizers;

/// <summary>A regular expression as a list of instructions of a backtracking-free (Thompson/Pike) matcher.</summary>
internal sealed class RegexProgram
{
    private const int MaximumLength = 20_000;
    private const int MaximumSets = 64;

    private readonly List<Instruction> _code = [];
    private readonly List<CharacterSet> _sets = [];

    private RegexProgram()
    {
    }

    internal enum Operation : byte
    {
        Character,
        Split,
        Require,
        Refuse,
        Match,
    }

    /// <summary>The instructions; execution begins at 0.</summary>
    public IReadOnlyList<Instruction> Code => _code;

    /// <summary>The character sets that instructions name by number; at most 64, so that membership is one bit each.</summary>
    public IReadOnlyList<CharacterSet> Sets => _sets;

    /// <exception cref="NotSupportedException">The pattern is malformed, unsupported, or too large.</exception>
    public static RegexProgram Compile(string pattern)
    {
        var program = new RegexProgram();
        program.Emit(RegexParser.Parse(pattern));
        program.Add(new Instruction(Operation.Match, 0, 0, 0));
        return program;
    }

    private int Add(Instruction instruction)
    {
        if (_code.Count >= MaximumLength) throw new NotSupportedException("the regular expression is too large");
        _code.Add(instruction);
        return _code.Count - 1;
    }

    private int SetNumber(CharacterSet set)
    {
        int known = _sets.IndexOf(set);
        if (known >= 0) return known;
        if (_sets.Count >= MaximumSets) throw new NotSupportedException($"the regular expression has more than {MaximumSets} character sets");
        _sets.Add(set);
        return _sets.Count - 1;
    }

    private void Emit(RegexNode node)
    {
        switch (node)
        {
            case RegexNode.Set set:
                Add(new Instruction(Operation.Character, SetNumber(set.Characters), _code.Count + 1, 0));
                break;
            case RegexNode.LookAhead ahead:
                Add(new Instruction(ahead.Negated ? Operation.Refuse : Operation.Require, SetNumber(ahead.Characters), _code.Count + 1, 0));
                break;
            case RegexNode.Sequence sequence:
                foreach (RegexNode item in sequence.Items) Emit(item);
                break;
            case RegexNode.Alternation alternation:
                EmitAlternation(alternation.Items);
                break;
            case RegexNode.Repeat repeat:
                EmitRepeat(repeat);
                break;
        }
    }

    private void EmitAlternation(IReadOnlyList<RegexNode> items)
    {
        // Every alternative but the last ends in a jump to the common end: a Split whose branches are the same.
        var exits = new List<int>();
        for (int i = 0; i < items.Count - 1; i++)
        {
            int split = Add(default);
            Emit(items[i]);
            exits.Add(Add(default));
            _code[split] = new Instruction(Operation.Split, 0, split + 1, _code.Count);
        }

        Emit(items[^1]);
        foreach (int exit in exits) _code[exit] = new Instruction(Operation.Split, 0, _code.Count, _code.Count);
    }

    private void EmitRepeat(RegexNode.Repeat repeat)
    {
        for (int i = 0; i < repeat.Minimum; i++) Emit(repeat.Item);
        if (repeat.Maximum < 0)
        {
            int split = Add(default);
            Emit(repeat.Item);
            Add(new Instruction(Operation.Split, 0, split, split));
            _code[split] = Choice(split + 1, _code.Count, repeat.Lazy);
            return;
        }

        var splits = new List<int>();
        for (int i = repeat.Minimum; i < repeat.Maximum; i++)
        {
            splits.Add(Add(default));
            Emit(repeat.Item);
        }

        foreach (int split in splits) _code[split] = Choice(split + 1, _code.Count, repeat.Lazy);
    }

    private static Instruction Choice(int more, int done, bool lazy) =>
        lazy ? new Instruction(Operation.Split, 0, done, more) : new Instruction(Operation.Split, 0, more, done);

    /// <summary>One step: a character of a set, a choice (the first branch is preferred), or a look at the next character.</summary>
    internal readonly record struct Instruction(Operation Operation, int Set, int Next, int Other);
}
