using System.Runtime.CompilerServices;
using System.Text;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>
/// A regular expression over the code points of UTF-8 text, run by a lazily built automaton: no backtracking, with the
/// match that a backtracking engine would find (leftmost, alternatives in order). Safe for concurrent use.
/// </summary>
/// <remarks>
/// After Thompson/Pike and RE2 (R. Cox, "Regular Expression Matching in the Wild"). Look-ahead of one character costs
/// nothing: a transition knows the character that comes next, so "matched here" belongs to the transition that leaves.
/// Scans beyond a match are remembered (T. Reps, "Maximal-munch tokenization in linear time"), so that repeated
/// searches stay linear too.
/// </remarks>
internal sealed class CodePointRegex
{
    private const int EndOfText = 0;
    private const int MaximumStates = 10_000;
    private const int RememberAfter = 16;

    private readonly RegexProgram _program;
    private readonly Lock _lock = new();
    private readonly byte[] _ascii = new byte[128];
    private readonly byte[]?[] _pages = new byte[]?[0x110000 >> 8];
    private readonly Dictionary<ulong, byte> _classOf = [];
    private readonly List<ulong> _members = [0];
    private readonly Dictionary<string, State> _states = [];
    private readonly State _start;

    /// <exception cref="NotSupportedException">The pattern is malformed or not supported.</exception>
    public CodePointRegex(string pattern)
    {
        Pattern = pattern;
        _program = RegexProgram.Compile(pattern);
        for (int c = 0; c < 128; c++) _ascii[c] = ClassOf(c);
        _start = new State([0], matched: false);
    }

    public string Pattern { get; }

    /// <summary>The leftmost non-empty match at or after <paramref name="from"/>; false where there is none.</summary>
    /// <param name="text">Well-formed UTF-8.</param>
    public bool Find(ReadOnlySpan<byte> text, int from, RegexMemory memory, out int start, out int end)
    {
        for (start = from; start < text.Length; start += Utf8.Length(text[start]))
        {
            end = MatchAt(text, start, memory);
            if (end > start) return true;
        }

        start = end = text.Length;
        return false;
    }

    private int MatchAt(ReadOnlySpan<byte> text, int start, RegexMemory memory)
    {
        State state = _start;
        int last = -1;
        int position = start;
        int steps = 0;
        while (true)
        {
            int length = 1;
            byte kind = EndOfText;
            if (position < text.Length)
            {
                byte b = text[position];
                kind = b < 128 ? _ascii[b] : ClassAt(text, position, out length);
            }

            State?[] next = state.Next;
            State following = kind < next.Length && next[kind] is { } known ? known : Build(state, kind);
            if (following.Matched)
            {
                last = position;
                if (steps > RememberAfter) memory.Forget();
                steps = 0;
            }

            if (following.IsDead) break;
            position += length;
            state = following;
            // Only scans that run on without a match need a memory; most tokens never come here.
            if (++steps > RememberAfter && memory.Seen(text.Length, position, state)) break;
        }

        if (steps > RememberAfter) memory.Confirm();
        return last;
    }

    private byte ClassAt(ReadOnlySpan<byte> text, int position, out int length)
    {
        int codePoint = Utf8.Decode(text, position, out length);
        byte[] page = _pages[codePoint >> 8] ?? BuildPage(codePoint >> 8);
        return page[codePoint & 0xFF];
    }

    private byte[] BuildPage(int number)
    {
        lock (_lock)
        {
            var page = new byte[256];
            for (int i = 0; i < 256; i++) page[i] = ClassOf((number << 8) | i);
            Volatile.Write(ref _pages[number], page);
            return page;
        }
    }

    /// <summary>Code points that are in the same sets of the pattern are of one class; class 0 is the end of the text.</summary>
    private byte ClassOf(int codePoint)
    {
        ulong members = 0;
        for (int i = 0; i < _program.Sets.Count; i++)
        {
            if (_program.Sets[i].Contains(codePoint)) members |= 1UL << i;
        }

        if (_classOf.TryGetValue(members, out byte known)) return known;
        if (_members.Count > byte.MaxValue) throw new NotSupportedException($"the regular expression \"{Pattern}\" tells too many kinds of characters apart");
        _members.Add(members);
        return _classOf[members] = (byte)(_members.Count - 1);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private State Build(State from, byte kind)
    {
        lock (_lock)
        {
            if (kind < from.Next.Length && from.Next[kind] is { } known) return known;
            var kernel = new List<int>();
            bool matched = Step(from.Kernel, kind, kernel);
            State to = Intern(kernel, matched);
            if (kind >= from.Next.Length)
            {
                var grown = new State?[Math.Max(_members.Count, kind + 1)];
                from.Next.CopyTo(grown, 0);
                grown[kind] = to;
                Volatile.Write(ref from.Next, grown);
            }
            else
            {
                Volatile.Write(ref from.Next[kind], to);
            }

            return to;
        }
    }

    /// <summary>Follows the instructions of a kernel over one character, best first; true where a match ends before it.</summary>
    private bool Step(int[] kernel, byte kind, List<int> result)
    {
        IReadOnlyList<RegexProgram.Instruction> code = _program.Code;
        ulong members = _members[kind];
        var visited = new bool[code.Count];
        var stack = new Stack<int>();
        foreach (int entry in kernel)
        {
            stack.Push(entry);
            while (stack.TryPop(out int at))
            {
                if (visited[at]) continue;
                visited[at] = true;
                RegexProgram.Instruction instruction = code[at];
                bool inSet = kind != EndOfText && (members >> instruction.Set & 1) != 0;
                switch (instruction.Operation)
                {
                    case RegexProgram.Operation.Match:
                        return true;
                    case RegexProgram.Operation.Split:
                        stack.Push(instruction.Other);
                        stack.Push(instruction.Next);
                        break;
                    case RegexProgram.Operation.Character when inSet:
                        if (!result.Contains(instruction.Next)) result.Add(instruction.Next);
                        break;
                    case RegexProgram.Operation.Require when inSet:
                    case RegexProgram.Operation.Refuse when !inSet:
                        stack.Push(instruction.Next);
                        break;
                }
            }
        }

        return false;
    }

    private State Intern(List<int> kernel, bool matched)
    {
        var key = new StringBuilder(kernel.Count + 1).Append(matched ? '+' : '-');
        foreach (int at in kernel) key.Append((char)at);
        string name = key.ToString();
        if (_states.TryGetValue(name, out State? known)) return known;
        // A full table is dropped, not grown: states in use stay valid, they are only built anew when met again.
        if (_states.Count >= MaximumStates)
        {
            _states.Clear();
            _start.Next = [];
        }

        return _states[name] = new State([.. kernel], matched);
    }

    /// <summary>A state of the automaton: where the matcher may be, best first, and whether a match ended one character before.</summary>
    internal sealed class State(int[] kernel, bool matched)
    {
        public State?[] Next = [];

        public int[] Kernel { get; } = kernel;

        public bool Matched { get; } = matched;

        public bool IsDead { get; } = kernel.Length == 0;
    }
}
