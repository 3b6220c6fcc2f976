namespace AutoGlm.Engine.Constraints.Tokens;

/// <summary>Places in the token trie where a rule may have ended within a token. One object for each content.</summary>
/// <param name="Nodes">Rising; each has descendants.</param>
/// <param name="Height">Bytes from them to the end of the longest token below.</param>
internal sealed record ExitSet(int Id, int[] Nodes, int Height);
