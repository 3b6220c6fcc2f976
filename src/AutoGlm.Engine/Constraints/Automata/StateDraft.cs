namespace AutoGlm.Engine.Constraints.Automata;

/// <summary>A state in the making: where a byte led, and where rules that ended with it go on.</summary>
internal sealed class StateDraft(NodeSets sets)
{
    private readonly Dictionary<Frame, NodeSet> _places = [];
    private readonly HashSet<Resumption> _resumptions = [];
    private readonly Queue<Frame> _ended = [];

    public void Add(NodeSet set, Frame frame)
    {
        bool wasEnd = false;
        if (_places.TryGetValue(frame, out NodeSet? there))
        {
            wasEnd = there.IsEnd;
            set = sets.Union(there, set);
        }

        _places[frame] = set;
        if (set.IsEnd && !wasEnd) _ended.Enqueue(frame);
    }

    public void Resume(Resumption resumption) => _resumptions.Add(resumption);

    /// <summary>A pass of a loop is over: the loop ends, begins another, or either.</summary>
    public void Complete(CountedLoop loop, int passes, Frame frame)
    {
        if (passes >= loop.Least) Add(sets.Exit(loop), frame);
        if (loop.Most is null || passes < loop.Most) _resumptions.Add(new Resumption(loop, passes, frame));
    }

    /// <summary>Returns from what has ended, and gives the whole in an order of its own.</summary>
    public ContentKey Close(out Configuration[] kernel, out Resumption[] resumptions)
    {
        while (_ended.TryDequeue(out Frame? frame))
        {
            foreach (FrameEdge edge in frame.Edges)
            {
                if (edge.Return is { } set) Add(set, edge.Parent);
                else Complete(edge.Loop!, edge.Passes, edge.Parent);
            }
        }

        kernel = [.. _places.Select(place => new Configuration(place.Value, place.Key)).OrderBy(place => place.Frame.Id)];
        resumptions = [.. _resumptions.OrderBy(resumption => (resumption.Loop.Index, resumption.Passes, resumption.Frame.Id))];
        return new ContentKey([.. kernel.SelectMany(place => (int[])[place.Frame.Id, place.Set.Id]), -1, .. resumptions.SelectMany(resumption => (int[])[resumption.Loop.Index, resumption.Passes, resumption.Frame.Id])]);
    }
}
