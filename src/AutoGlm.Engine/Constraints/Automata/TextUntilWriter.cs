using AutoGlm.Engine.Constraints.Syntax;

namespace AutoGlm.Engine.Constraints.Automata;

/// <summary>Writes text up to a marker as the markers' search automaton (Aho and Corasick 1975).</summary>
internal sealed class TextUntilWriter(List<Node> nodes, Func<int> addNode, Func<Expression, int, int> write)
{
    private readonly List<(Dictionary<byte, int> Next, int Fallback, int Branch)> _states = [([], 0, -1)];

    public int Write(TextUntil text, int from)
    {
        Link(text);
        int end = addNode();
        int[] places = new int[_states.Count];
        for (int i = 0; i < places.Length; i++) places[i] = addNode();
        nodes[from].Free.Add(places[0]);
        for (int state = 0; state < places.Length; state++)
        {
            if (_states[state].Branch >= 0)
            {
                nodes[write(text.Branches[_states[state].Branch].Then, places[state])].Free.Add(end);
                continue;
            }

            if (text.MayEnd) nodes[places[state]].Free.Add(end);
            WriteBytes(state, places);
        }

        return end;
    }

    private void WriteBytes(int state, int[] places)
    {
        int low = 0;
        for (int value = 1; value <= 256; value++)
        {
            if (value < 256 && Step(state, (byte)value) == Step(state, (byte)low)) continue;
            nodes[places[state]].Edges.Add(((byte)low, (byte)(value - 1), places[Step(state, (byte)low)]));
            low = value;
        }
    }

    private int Step(int state, byte value)
    {
        for (; ; state = _states[state].Fallback)
        {
            if (_states[state].Next.TryGetValue(value, out int next)) return next;
            if (state == 0) return 0;
        }
    }

    private void Link(TextUntil text)
    {
        for (int i = 0; i < text.Branches.Count; i++) Insert(text.Branches[i].Marker, i);
        Queue<int> queue = new(_states[0].Next.Values);
        while (queue.TryDequeue(out int state))
        {
            foreach ((byte value, int next) in _states[state].Next)
            {
                int fallback = Step(_states[state].Fallback, value);
                int branch = _states[next].Branch >= 0 ? _states[next].Branch : _states[fallback].Branch;
                _states[next] = (_states[next].Next, fallback, branch);
                queue.Enqueue(next);
            }
        }
    }

    private void Insert(byte[] marker, int branch)
    {
        int state = 0;
        foreach (byte value in marker)
        {
            if (!_states[state].Next.TryGetValue(value, out int next))
            {
                next = _states.Count;
                _states[state].Next[value] = next;
                _states.Add(([], 0, -1));
            }

            state = next;
        }

        _states[state] = (_states[state].Next, _states[state].Fallback, branch);
    }
}
