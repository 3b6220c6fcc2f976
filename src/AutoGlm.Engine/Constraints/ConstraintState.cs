using System.Text;
using AutoGlm.Engine.Constraints.Automata;
using AutoGlm.Engine.Constraints.Tokens;
using AutoGlm.Formats.Tokenizers;

namespace AutoGlm.Engine.Constraints;

/// <summary>How far one answer has come in its grammar. For one thread at a time.</summary>
public sealed class ConstraintState
{
    private const int LongestForced = 512;

    private readonly GrammarConstraint _constraint;
    private readonly ulong[] _words;
    private Machine _machine;
    private MachineState _state;

    internal ConstraintState(GrammarConstraint constraint, Machine machine, MachineState state)
    {
        (_constraint, _machine, _state) = (constraint, machine, state);
        _words = new ulong[(constraint.Vocabulary.Size + 63) / 64];
    }

    /// <summary>True where the answer may end here.</summary>
    public bool CanEnd => _state.IsAccepting;

    /// <summary>True where the answer can only end here.</summary>
    public bool IsFinished => CanEnd && _constraint.Run(ref _machine, ref _state, (machine, _, state) => machine.IsFinal(state));

    /// <summary>Gives minus infinity to the logits of tokens that the grammar does not allow next.</summary>
    /// <param name="logits">One for each token; those past the vocabulary are refused.</param>
    /// <exception cref="GrammarException">The grammar is too ambiguous to follow here, or the vocabulary has no token for what it wants.</exception>
    public void Mask(Span<float> logits) => TokenSet.Mask(Allowed(), logits);

    /// <summary>A bit for each token that may come next.</summary>
    /// <exception cref="GrammarException">As for <see cref="Mask"/>.</exception>
    internal ReadOnlySpan<ulong> Allowed()
    {
        Array.Clear(_words);
        _constraint.Run(ref _machine, ref _state, (_, masks, state) =>
        {
            masks.AddTokens(state, _words);
            return true;
        });
        foreach (int end in CanEnd ? _constraint.Vocabulary.EndIds : []) _words[end >> 6] |= 1UL << (end & 63);
        if (_words.AsSpan().ContainsAnyExcept(0UL)) return _words;
        string wanted = CanEnd ? "a token that ends an answer" : $"bytes that the grammar wants here ({Wanted()})";
        throw new GrammarException("grammar", $"this model's vocabulary has no token for {wanted}; use a grammar that it can write");
    }

    /// <summary>Takes the next token.</summary>
    /// <exception cref="InvalidOperationException">The grammar does not allow it here; nothing has changed.</exception>
    public void Advance(int token)
    {
        if (_constraint.Vocabulary.EndIds.Contains(token))
        {
            if (!CanEnd) throw new InvalidOperationException("The answer was ended where its grammar does not let it end.");
            return;
        }

        byte[] bytes = _constraint.Vocabulary.BytesOf(token);
        _state = _constraint.Run(ref _machine, ref _state, (machine, _, state) => Step(machine, state, bytes)) ?? throw new InvalidOperationException($"The grammar does not allow token {token} here.");
    }

    /// <summary>Whether a token may come next, byte by byte: what a mask says of it, by definition.</summary>
    internal bool Permits(int token)
    {
        if (_constraint.Vocabulary.EndIds.Contains(token)) return CanEnd;
        byte[] bytes = _constraint.Vocabulary.BytesOf(token);
        return _constraint.Run(ref _machine, ref _state, (machine, _, state) => Step(machine, state, bytes)) is not null;
    }

    /// <summary>Takes the tokens that can only come next, if there are such, and gives them; no model need be asked for them.</summary>
    /// <remarks>They are cut as the tokenizer would cut the text; where the last one might have gone on, it is left to the model.</remarks>
    public IReadOnlyList<int> TakeForced()
    {
        List<byte> forced = _constraint.Run(ref _machine, ref _state, (machine, _, state) => ForcedBytes(machine, state));
        if (forced.Count == 0) return [];
        List<int> tokens = Cut(forced);
        foreach (int token in tokens) Advance(token);
        return tokens;
    }

    private static MachineState? Step(Machine machine, MachineState state, byte[] bytes)
    {
        foreach (byte value in bytes) state = machine.Step(state, value);
        return state == MachineState.Dead || bytes.Length == 0 ? null : state;
    }

    private static List<byte> ForcedBytes(Machine machine, MachineState state)
    {
        List<byte> bytes = [];
        while (bytes.Count < LongestForced && machine.OnlyByte(state) is { } only)
        {
            bytes.Add(only);
            state = machine.Step(state, only);
        }

        return bytes;
    }

    private List<int> Cut(List<byte> forced)
    {
        byte[] bytes = [.. forced];
        int mark = Array.IndexOf(bytes, ControlBytes.Mark);
        if (mark == 0) return ControlBytes.TryRead(bytes, out int control) ? [control] : [];
        byte[] text = mark < 0 ? bytes : bytes[..mark];
        Tokenizer tokenizer = _constraint.Vocabulary.Tokenizer;
        List<int> tokens = [.. tokenizer.Encode(Encoding.UTF8.GetString(text), addSpecial: false, parseSpecial: false)];
        if (mark < 0 && tokens.Count > 0) tokens.RemoveAt(tokens.Count - 1);
        int length = 0, kept = 0;
        foreach (int token in tokens)
        {
            ReadOnlySpan<byte> own = _constraint.Vocabulary.BytesOf(token);
            if (!text.AsSpan(length).StartsWith(own)) break;
            length += own.Length;
            kept++;
        }

        return tokens[..kept];
    }

    private string Wanted() => _constraint.Run(ref _machine, ref _state, (machine, _, state) =>
        string.Join(" ", Enumerable.Range(0, 256).Where(value => machine.Step(state, (byte)value) != MachineState.Dead).Take(8).Select(value => $"0x{value:X2}")));
}
