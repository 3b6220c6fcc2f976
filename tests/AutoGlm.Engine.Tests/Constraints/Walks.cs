using System.Text;
using AutoGlm.Engine.Constraints;

namespace AutoGlm.Engine.Tests.Constraints;

/// <summary>Ways through a grammar, for tests.</summary>
internal static class Walks
{
    public static GrammarConstraint Small(Grammar grammar) => new(grammar, TestVocabulary.Small);

    /// <summary>Whether a grammar accepts a text, byte by byte.</summary>
    public static bool Accepts(GrammarConstraint constraint, string text) => Accepts(constraint, Encoding.UTF8.GetBytes(text), out bool whole) && whole;

    /// <summary>Whether a text may go on to one that the grammar accepts.</summary>
    public static bool AcceptsPrefix(GrammarConstraint constraint, string text) => Accepts(constraint, Encoding.UTF8.GetBytes(text), out _);

    public static bool[] Allowed(ConstraintState state, int vocabulary)
    {
        float[] logits = new float[vocabulary];
        state.Mask(logits);
        return [.. logits.Select(logit => logit == 0)];
    }

    /// <summary>A text by random tokens among those allowed; null where it was not over after the most.</summary>
    public static (string Text, bool Ended) Generate(GrammarConstraint constraint, Random random, int mostTokens, double endBias = 0.3, bool force = false)
    {
        TokenVocabulary vocabulary = constraint.Vocabulary;
        ConstraintState state = constraint.Start();
        List<byte> bytes = [];
        int[] ends = [.. vocabulary.Tokenizer.EndOfGenerationIds];
        for (int i = 0; i < mostTokens; i++)
        {
            if (state.IsFinished || (state.CanEnd && random.NextDouble() < endBias)) return (Encoding.UTF8.GetString([.. bytes]), true);
            if (force)
            {
                foreach (int token in state.TakeForced()) bytes.AddRange(vocabulary.Tokenizer.TokenBytes(token));
                if (state.IsFinished) continue;
            }

            bool[] allowed = Allowed(state, vocabulary.Size);
            Assert.Equal(state.CanEnd, ends.Any(end => allowed[end]));
            int[] choices = [.. Enumerable.Range(0, allowed.Length).Where(token => allowed[token] && !ends.Contains(token))];
            if (choices.Length == 0)
            {
                Assert.True(state.CanEnd);
                continue;
            }

            int chosen = choices[random.Next(choices.Length)];
            state.Advance(chosen);
            bytes.AddRange(vocabulary.Tokenizer.TokenBytes(chosen));
        }

        return (Encoding.UTF8.GetString([.. bytes]), false);
    }

    private static bool Accepts(GrammarConstraint constraint, byte[] bytes, out bool whole)
    {
        ConstraintState state = constraint.Start();
        whole = false;
        foreach (byte value in bytes)
        {
            // The small vocabulary begins with the bytes.
            try
            {
                state.Advance(value);
            }
            catch (InvalidOperationException)
            {
                return false;
            }
        }

        whole = state.CanEnd;
        return true;
    }
}
