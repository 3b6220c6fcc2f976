using AutoGlm.Engine.Constraints.Automata;

namespace AutoGlm.Engine.Constraints.Tokens;

/// <summary>
/// Which tokens may come next. A token is looked at in parts: what a place reads of it before its rule ends depends on the place
/// alone, so that it is found once and kept; the rest of the token, from where the rule ended, is what the caller's place reads.
/// A mask is therefore a few kept sets joined, one for each level of the stack that a token can reach, however deep the text nests.
/// (XGrammar, Dong et al. 2024, splits tokens alike, but follows the dependent ones anew for each stack.) For one thread at a time.
/// </summary>
internal sealed class MaskMaker
{
    private readonly Machine _machine;
    private readonly TokenVocabulary _vocabulary;
    private readonly TokenTrie _trie;
    private readonly MachineState[] _path;
    private readonly ExitSet _root;
    private readonly Dictionary<(int Place, int Passes, int Exits), Transfer> _transfers = [];
    private readonly Dictionary<ContentKey, ExitSet> _exitSets = [];
    private readonly List<int> _tokens = [];
    private readonly List<int> _exits = [];

    public MaskMaker(Machine machine, TokenVocabulary vocabulary)
    {
        (_machine, _vocabulary, _trie) = (machine, vocabulary, vocabulary.Trie);
        _path = new MachineState[_trie.LongestToken + 1];
        _root = Intern([0]);
    }

    /// <summary>Bytes of what is kept.</summary>
    public long KeptBytes { get; private set; }

    /// <summary>Adds the tokens that may follow a state.</summary>
    public void AddTokens(MachineState state, ulong[] words)
    {
        HashSet<(Frame, ExitSet)> done = [];
        Stack<(Frame Frame, ExitSet Exits)> open = new();
        foreach (Configuration place in state.Kernel) Add(Of(place.Set, _root), place.Frame);
        foreach (Resumption resumption in state.Resumptions) Add(Of(resumption.Loop, resumption.Passes, _root), resumption.Frame);
        while (open.TryPop(out (Frame Frame, ExitSet Exits) exit))
        {
            foreach (FrameEdge edge in exit.Frame.Edges)
            {
                Add(edge.Return is { } set ? Of(set, exit.Exits) : Of(edge.Loop!, edge.Passes, exit.Exits), edge.Parent);
            }
        }

        void Add(Transfer transfer, Frame frame)
        {
            transfer.Tokens.AddTo(words);
            if (transfer.Exits is { } exits && frame.Edges.Length > 0 && done.Add((frame, exits))) open.Push((frame, exits));
        }
    }

    private Transfer Of(NodeSet set, ExitSet from)
    {
        (int, int, int) key = (set.Id, 0, from.Id);
        return _transfers.TryGetValue(key, out Transfer? known) ? known : Keep(key, Walk(_machine.At(set), from));
    }

    private Transfer Of(CountedLoop loop, int passes, ExitSet from)
    {
        passes = Clip(loop, passes, from.Height);
        (int, int, int) key = (~loop.Index, passes, from.Id);
        return _transfers.TryGetValue(key, out Transfer? known) ? known : Keep(key, Walk(_machine.At(loop, passes), from));
    }

    /// <summary>Passes that are further from the least and the most than a token is long are all alike.</summary>
    private static int Clip(CountedLoop loop, int passes, int height)
    {
        if (passes < loop.Least) return loop.Least - passes > height ? loop.Least - height - 1 : passes;
        if (loop.Most is not { } most) return loop.Least;
        return most - passes > height ? Math.Max(loop.Least, most - height - 1) : passes;
    }

    private Transfer Keep((int, int, int) key, Transfer transfer)
    {
        KeptBytes += transfer.Tokens.Bytes + 128;
        return _transfers[key] = transfer;
    }

    private Transfer Walk(MachineState start, ExitSet from)
    {
        _tokens.Clear();
        _exits.Clear();
        foreach (int node in from.Nodes)
        {
            // At the root nothing is read yet: that a rule may end there is for the state to know.
            if (start.IsAccepting && node != 0) _exits.Add(node);
            WalkBelow(start, node);
        }

        if (from.Nodes.Length > 1) Settle();
        return new Transfer(new TokenSet(_tokens, _vocabulary.Size), _exits.Count == 0 ? null : Intern([.. _exits]));
    }

    private void WalkBelow(MachineState start, int top)
    {
        byte[] labels = _trie.Labels;
        ushort[] depths = _trie.Depths;
        int[] ends = _trie.Ends;
        int end = ends[top];
        _path[depths[top]] = start;
        for (int node = top + 1; node < end;)
        {
            int depth = depths[node];
            MachineState state = _machine.Step(_path[depth - 1], labels[node]);
            if (state == MachineState.Dead)
            {
                node = ends[node];
                continue;
            }

            _path[depth] = state;
            foreach (int token in _trie.Tokens(node)) _tokens.Add(token);
            if (state.IsAccepting && ends[node] > node + 1) _exits.Add(node);
            node++;
        }
    }

    /// <summary>Exits under one another find the same tokens twice.</summary>
    private void Settle()
    {
        Distinct(_tokens);
        Distinct(_exits);

        static void Distinct(List<int> values)
        {
            values.Sort();
            int kept = 0;
            for (int i = 0; i < values.Count; i++)
            {
                if (i == 0 || values[i] != values[i - 1]) values[kept++] = values[i];
            }

            values.RemoveRange(kept, values.Count - kept);
        }
    }

    private ExitSet Intern(int[] nodes)
    {
        ContentKey key = new(nodes);
        if (_exitSets.TryGetValue(key, out ExitSet? known)) return known;
        KeptBytes += nodes.Length * sizeof(int) + 128;
        return _exitSets[key] = new ExitSet(_exitSets.Count, nodes, nodes.Max(Height));
    }

    private int Height(int top)
    {
        int deepest = 0;
        for (int node = top + 1; node < _trie.Ends[top]; node++) deepest = Math.Max(deepest, _trie.Depths[node]);
        return Math.Max(0, deepest - _trie.Depths[top]);
    }
}
