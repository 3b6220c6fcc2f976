using System.Text;
using AutoGlm.Engine.Constraints.Syntax;

namespace AutoGlm.Engine.Constraints.Automata;

/// <summary>Writes a set of code points as edges over the bytes of their UTF-8 forms; like suffixes share their nodes.</summary>
internal sealed class Utf8Writer(List<Node> nodes, Func<int> addNode, int to)
{
    private const byte FirstContinuation = 0x80, LastContinuation = 0xBF;

    private static readonly int[] s_lengthLimits = [0x7F, 0x7FF, 0xFFFF, 0x10FFFF];

    /// <summary>By count: the node before so many continuation bytes of any value.</summary>
    private readonly int[] _anyContinuations = [to, -1, -1, -1];

    public void Write(CodePointSet set, int from)
    {
        foreach ((int low, int high) in set.Ranges)
        {
            int start = low;
            foreach (int limit in s_lengthLimits)
            {
                if (start > limit || start > high) continue;
                int end = Math.Min(high, limit);
                WriteRange(Encode(start), Encode(end), from);
                start = end + 1;
            }
        }
    }

    /// <summary>All byte strings between two of one length, in which all bytes but the first continue.</summary>
    private void WriteRange(ReadOnlySpan<byte> low, ReadOnlySpan<byte> high, int from)
    {
        if (low.Length == 1)
        {
            nodes[from].Edges.Add((low[0], high[0], to));
            return;
        }

        if (low[0] == high[0])
        {
            WriteRange(low[1..], high[1..], Step(from, low[0], low[0]));
            return;
        }

        byte first = low[0], last = high[0];
        if (low[1..].ContainsAnyExcept(FirstContinuation)) WriteRange(low[1..], Filled(low.Length - 1, LastContinuation), Step(from, first, first++));
        bool partial = high[1..].ContainsAnyExcept(LastContinuation);
        if (partial) last--;
        if (first <= last) nodes[from].Edges.Add((first, last, AnyContinuations(low.Length - 1)));
        if (partial) WriteRange(Filled(high.Length - 1, FirstContinuation), high[1..], Step(from, high[0], high[0]));
    }

    private int Step(int from, byte low, byte high)
    {
        int next = addNode();
        nodes[from].Edges.Add((low, high, next));
        return next;
    }

    private int AnyContinuations(int count)
    {
        if (_anyContinuations[count] >= 0) return _anyContinuations[count];
        int node = addNode();
        nodes[node].Edges.Add((FirstContinuation, LastContinuation, AnyContinuations(count - 1)));
        return _anyContinuations[count] = node;
    }

    private static byte[] Filled(int length, byte value)
    {
        byte[] bytes = new byte[length];
        Array.Fill(bytes, value);
        return bytes;
    }

    private static byte[] Encode(int codePoint)
    {
        byte[] bytes = new byte[4];
        return bytes[..new Rune(codePoint).EncodeToUtf8(bytes)];
    }
}
