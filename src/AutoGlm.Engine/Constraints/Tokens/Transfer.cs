namespace AutoGlm.Engine.Constraints.Tokens;

/// <summary>What a place of the automaton lets through without looking below it on the stack.</summary>
/// <param name="Tokens">Tokens that end within the rule, or in rules it calls.</param>
/// <param name="Exits">Where the rule may end within a token that goes on; null where nowhere.</param>
internal sealed record Transfer(TokenSet Tokens, ExitSet? Exits);
