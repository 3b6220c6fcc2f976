using System.Runtime.InteropServices;

namespace AutoGlm.Engine.Constraints.Automata;

/// <summary>
/// Runs an automaton: states are made when they are first reached, and remembered with the bytes that lead from one to the next.
/// All ways to read a text are followed together, so that no text costs more than its length times the places there are.
/// For one thread at a time.
/// </summary>
internal sealed class Machine
{
    private readonly Automaton _automaton;
    private readonly WorkMeter _meter;
    private readonly NodeSets _sets;
    private readonly Dictionary<ContentKey, Frame> _frames = [];
    private readonly Dictionary<ContentKey, MachineState> _states = [];
    private readonly byte[] _classOf;

    public Machine(Automaton automaton, WorkMeter meter)
    {
        (_automaton, _meter) = (automaton, meter);
        _classOf = automaton.ClassOf;
        _sets = new NodeSets(automaton, meter);
        Start = At(_sets.Entry(0));
    }

    /// <summary>Below every stack.</summary>
    public Frame Bottom { get; } = new(0, []);

    /// <summary>Before the first byte.</summary>
    public MachineState Start { get; }

    /// <summary>States, sets and frames in memory.</summary>
    public int Size => _states.Count + _sets.Count + _frames.Count;

    /// <summary>A set alone, on an empty stack.</summary>
    public MachineState At(NodeSet set) => Build([new Configuration(set, Bottom)], []);

    /// <summary>A loop after some passes, on an empty stack.</summary>
    public MachineState At(CountedLoop loop, int passes)
    {
        StateDraft draft = new(_sets);
        draft.Complete(loop, passes, Bottom);
        return Finish(draft);
    }

    public MachineState Step(MachineState state, byte value)
    {
        int byteClass = _classOf[value];
        MachineState?[] next = state.Next;
        if (next.Length > 0 && next[byteClass] is { } known) return known;
        return FindStep(state, byteClass);
    }

    /// <summary>The only byte that a text may go on with here; null where it may end, or has a choice.</summary>
    public byte? OnlyByte(MachineState state)
    {
        if (state.IsAccepting) return null;
        byte? only = null;
        for (int byteClass = 0; byteClass < _automaton.ClassBytes.Count; byteClass++)
        {
            byte[] bytes = _automaton.ClassBytes[byteClass];
            if (Step(state, bytes[0]) == MachineState.Dead) continue;
            if (only is not null || bytes.Length > 1) return null;
            only = bytes[0];
        }

        return only;
    }

    /// <summary>True where no byte leads on.</summary>
    public bool IsFinal(MachineState state) => _automaton.ClassBytes.All(bytes => Step(state, bytes[0]) == MachineState.Dead);

    /// <summary>A state of another machine of the same automaton.</summary>
    public MachineState Import(MachineState state)
    {
        if (state == MachineState.Dead) return state;
        Dictionary<Frame, Frame> frames = ImportFrames(state);
        return Build(
            [.. state.Kernel.Select(place => new Configuration(_sets.Import(place.Set), frames[place.Frame]))],
            [.. state.Resumptions.Select(resumption => resumption with { Frame = frames[resumption.Frame] })]);
    }

    private MachineState FindStep(MachineState state, int byteClass)
    {
        if (state.Next.Length == 0) state.Next = state == MachineState.Dead ? [] : new MachineState?[_automaton.ClassBytes.Count];
        if (state == MachineState.Dead) return state;
        List<Configuration> moved = [];
        foreach (Configuration place in state.All)
        {
            NodeSet next = _sets.Step(place.Set, byteClass);
            if (next.Nodes.Length > 0) moved.Add(new Configuration(next, place.Frame));
        }

        _meter.Charge(1 + state.All.Length);
        return state.Next[byteClass] = moved.Count == 0 ? MachineState.Dead : Build(moved, []);
    }

    private MachineState Build(IReadOnlyList<Configuration> places, IReadOnlyList<Resumption> resumptions)
    {
        StateDraft draft = new(_sets);
        foreach (Configuration place in places) draft.Add(place.Set, place.Frame);
        foreach (Resumption resumption in resumptions) draft.Resume(resumption);
        return Finish(draft);
    }

    private MachineState Finish(StateDraft draft)
    {
        ContentKey key = draft.Close(out Configuration[] kernel, out Resumption[] resumptions);
        _meter.Charge(1 + kernel.Length + resumptions.Length);
        if (_states.TryGetValue(key, out MachineState? known)) return known;
        MachineState state = new()
        {
            Kernel = kernel,
            Resumptions = resumptions,
            All = Call(kernel, resumptions),
            IsAccepting = kernel.Any(place => place.Frame == Bottom && place.Set.IsEnd),
        };
        return _states[key] = state;
    }

    /// <summary>Adds the rules that places call, and those that these call.</summary>
    private Configuration[] Call(Configuration[] kernel, Resumption[] resumptions)
    {
        Dictionary<Frame, NodeSet> all = [];
        CallQueue calls = new(_automaton, _sets, Bottom);
        foreach (Configuration place in kernel)
        {
            all[place.Frame] = place.Set;
            calls.AddFrom(place.Set, place.Frame);
        }

        foreach (Resumption resumption in resumptions) calls.AddPass(resumption.Loop, resumption.Passes + 1, resumption.Frame);
        while (calls.TryTake(out int rule, out FrameEdge[] edges))
        {
            Frame frame = Intern(edges);
            NodeSet entry = _sets.Entry(rule);
            all[frame] = all.TryGetValue(frame, out NodeSet? there) ? _sets.Union(there, entry) : entry;
            calls.AddFrom(entry, frame);
            _meter.Charge(1 + edges.Length);
        }

        if (all.Count > GrammarLimits.Configurations) _meter.Charge(int.MaxValue);
        return [.. all.Select(entry => new Configuration(entry.Value, entry.Key))];
    }

    private Frame Intern(FrameEdge[] edges)
    {
        int[] values = new int[edges.Length * 3];
        for (int i = 0; i < edges.Length; i++) (values[3 * i], values[3 * i + 1], values[3 * i + 2]) = edges[i].Key;
        ref Frame? frame = ref CollectionsMarshal.GetValueRefOrAddDefault(_frames, new ContentKey(values), out _);
        return frame ??= new Frame(_frames.Count, edges);
    }

    private Dictionary<Frame, Frame> ImportFrames(MachineState state)
    {
        HashSet<Frame> reached = [];
        Stack<Frame> open = new(state.Kernel.Select(place => place.Frame).Concat(state.Resumptions.Select(resumption => resumption.Frame)));
        while (open.TryPop(out Frame? frame))
        {
            if (!reached.Add(frame)) continue;
            foreach (FrameEdge edge in frame.Edges) open.Push(edge.Parent);
        }

        // Parents have smaller ids: they come first.
        Dictionary<Frame, Frame> imported = [];
        foreach (Frame frame in reached.OrderBy(frame => frame.Id))
        {
            FrameEdge[] edges = [.. frame.Edges.Select(edge => edge with { Return = edge.Return is null ? null : _sets.Import(edge.Return), Parent = imported[edge.Parent] }).OrderBy(edge => edge.Key)];
            imported[frame] = edges.Length == 0 ? Bottom : Intern(edges);
        }

        return imported;
    }
}
