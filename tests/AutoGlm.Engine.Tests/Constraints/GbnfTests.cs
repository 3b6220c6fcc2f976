using AutoGlm.Engine.Constraints;
using CsCheck;

namespace AutoGlm.Engine.Tests.Constraints;

public class GbnfTests
{
    private const string Arithmetic = """
        # sums of products
        root  ::= sum "\n"?     # a comment
        sum   ::= product ( [+-]
                  product )*
        product ::= value |
                  value [*/] product
        value ::= [0-9]{1,3} | "(" sum ")" | name
        name ::= [^\x00-\x2f0-9()*/:-@\u007f-\U0010FFFF]+
        """;

    [Theory]
    [InlineData("1+2*(34-x)\n", true)]
    [InlineData("((((7))))", true)]
    [InlineData("abc/1", true)]
    [InlineData("1+", false)]
    [InlineData("1234", false)]
    [InlineData("(1", false)]
    public void The_notation_means_what_it_does_in_llama_cpp(string text, bool accepted) =>
        Assert.Equal(accepted, Walks.Accepts(Walks.Small(Grammar.Gbnf(Arithmetic)), text));

    [Fact]
    public void Random_grammars_accept_what_a_naive_matcher_does()
    {
        RandomGrammar.Gen.Sample(grammar =>
        {
            GrammarConstraint constraint;
            try
            {
                constraint = Walks.Small(Grammar.Gbnf(grammar.Source));
            }
            catch (GrammarException error) when (error.Message.Contains("left recursion") || error.Message.Contains("no text"))
            {
                return;
            }

            foreach (string text in grammar.Texts) Assert.Equal(grammar.Matches(text), Walks.Accepts(constraint, text));
        }, iter: 400, threads: 1);
    }

    [Fact]
    public void Random_masks_have_exactly_the_tokens_whose_bytes_may_follow()
    {
        RandomGrammar.Gen.Sample(grammar =>
        {
            GrammarConstraint constraint;
            try
            {
                constraint = Walks.Small(Grammar.Gbnf(grammar.Source));
            }
            catch (GrammarException)
            {
                return;
            }

            ConstraintState state = constraint.Start();
            Random random = new(grammar.Source.Length);
            for (int step = 0; step < 8 && !state.IsFinished; step++)
            {
                bool[] allowed = Walks.Allowed(state, constraint.Vocabulary.Size);
                for (int token = 0; token < allowed.Length; token++) Assert.Equal(state.Permits(token), allowed[token]);
                int[] choices = [.. Enumerable.Range(0, allowed.Length).Where(token => allowed[token] && !constraint.Vocabulary.EndIds.Contains(token))];
                if (choices.Length == 0) break;
                state.Advance(choices[random.Next(choices.Length)]);
            }
        }, iter: 150, threads: 1);
    }

    [Fact]
    public void Nesting_is_unbounded_and_masks_see_through_it()
    {
        GrammarConstraint constraint = Walks.Small(Grammar.Gbnf("root ::= list\nlist ::= \"[\" (list (\",\" list)*)? \"]\""));
        ConstraintState state = constraint.Start();
        for (int i = 0; i < 3000; i++) state.Advance('[');
        int closing = constraint.Vocabulary.Tokenizer.FindToken("]")!.Value, several = constraint.Vocabulary.Tokenizer.FindToken("],[")!.Value;
        state.Advance(closing);
        Assert.True(Walks.Allowed(state, constraint.Vocabulary.Size)[several]);
        for (int i = 1; i < 3000; i++) state.Advance(closing);
        Assert.True(state.IsFinished);
    }

    [Fact]
    public void Recursion_at_the_end_needs_no_stack_and_ambiguity_no_exponential_time()
    {
        Assert.True(Walks.Accepts(Walks.Small(Grammar.Gbnf("root ::= \"a\" root | \"b\"")), new string('a', 20000) + "b"));
        Assert.True(Walks.Accepts(Walks.Small(Grammar.Gbnf("root ::= x\nx ::= \"a\" x x | \"a\" y x | \"a\"\ny ::= \"a\" y x | \"a\" x y | \"a\"")), new string('a', 61)));
    }

    [Theory]
    [InlineData("root ::= root \"a\" | \"b\"", "left recursion")]
    [InlineData("root ::= x \"a\"\nx ::= y? root | \"c\"\ny ::= \"d\"", "left recursion")]
    [InlineData("root ::= \"a\" root", "no text can satisfy")]
    [InlineData("root ::= x", "line 1, column 10: there is no rule 'x'")]
    [InlineData("a ::= \"b\"", "no rule 'root'")]
    [InlineData("root ::= \"a", "expected before the end")]
    [InlineData("root ::= [z-a]", "out of order")]
    [InlineData("root ::= (\"a\"", "')' expected")]
    [InlineData("root = \"a\"", "'::=' expected")]
    [InlineData("root ::= \"a\" ) \"b\"", "end of the line")]
    [InlineData("root ::= \"\\q\"", "escape")]
    [InlineData("root ::= \"a\"\nroot ::= \"b\"", "there twice")]
    [InlineData("root ::= \"a\"{2,1}", "out of order")]
    public void What_is_wrong_is_said(string source, string reason) =>
        Assert.Contains(reason, Assert.Throws<GrammarException>(() => Walks.Small(Grammar.Gbnf(source))).Message);

    [Fact]
    public void Hostile_sources_are_refused_in_time()
    {
        Assert.Throws<GrammarException>(() => Grammar.Gbnf("root ::= " + new string('(', 100_000)));
        Assert.Throws<GrammarException>(() => Walks.Small(Grammar.Gbnf(string.Concat(Enumerable.Range(0, 30).Select(i => $"r{i} ::= (r{i + 1} \"a\" r{i + 1} \"b\" r{i + 1}){{60}}\n")) + "root ::= r0\nr30 ::= r0\n")));
        Walks.Small(Grammar.Gbnf("root ::= (((\"a\"{0,1000000}){0,1000000}){0,1000000}){0,1000000}"));
        Assert.Throws<GrammarException>(() => Walks.Small(Grammar.Gbnf(string.Concat(Enumerable.Range(0, 5000).Select(i => $"r{i} ::= r{i + 1}? \"a\"\n")) + "root ::= r0\nr5000 ::= \"b\"")));
    }
}
